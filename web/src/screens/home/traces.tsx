import { href } from "../../address.ts";
import { Answer, useAnswer, type Asked } from "../../answer.tsx";
import type { TraceList } from "../../api.ts";
import { ShortTraces } from "../../parts/short-traces.tsx";
import type { Window } from "../../window.ts";

const SHOWN = 5;

/** The slowest and the failing traces of the window, each with its root cause. */
export function TracesSection({ window }: { window: Window }) {
  const slowest = useAnswer("traces", { ...window.ask, sort: "slowest", causes: true, limit: SHOWN });
  const failing = useAnswer("traces", { ...window.ask, status: "error", limit: SHOWN });
  return (
    <div class="home-traces">
      <List title="Slowest traces" of={slowest} all={href("traces", { sort: "slowest" })} none="No trace started in this window." />
      <List title="Failing traces, newest first" of={failing} all={href("traces", { q: "status:error" })} none="No trace of this window has a failed span." />
    </div>
  );
}

function List(props: { title: string; of: Asked<TraceList>; all: string; none: string }) {
  return (
    <section class="section">
      <div class="head"><h2>{props.title}</h2><a class="small" href={props.all} aria-label={`All: ${props.title}`}>All</a></div>
      <Answer of={props.of} what={props.title.toLowerCase()}>{(list) => <ShortTraces of={list} none={props.none} />}</Answer>
    </section>
  );
}
