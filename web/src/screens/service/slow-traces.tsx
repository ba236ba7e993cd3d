import { href } from "../../address.ts";
import { Answer, useAnswer } from "../../answer.tsx";
import { ShortTraces } from "../../parts/short-traces.tsx";
import type { Window } from "../../window.ts";
import { quoted } from "./quoted.ts";

const SHOWN = 5;

/** The slowest traces that have a span of the service. */
export function SlowTraces(props: { service: string; window: Window }) {
  const slowest = useAnswer("traces", { ...props.window.ask, service: props.service, sort: "slowest", causes: true, limit: SHOWN });
  return (
    <section class="section">
      <div class="head"><h2>Slowest traces</h2><a class="small" href={href("traces", { q: `service:${quoted(props.service)}`, sort: "slowest" })} aria-label="All traces of the service, slowest first">All</a></div>
      <Answer of={slowest} what="the slowest traces">{(list) => <ShortTraces of={list} none="No trace of it started in this window." />}</Answer>
    </section>
  );
}
