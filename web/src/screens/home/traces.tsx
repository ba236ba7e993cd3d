import { href } from "../../address.ts";
import { Answer, useAnswer, type Asked } from "../../answer.tsx";
import type { TraceList, TraceSummary } from "../../api.ts";
import { duration } from "../../format/duration.ts";
import { useTimes } from "../../format/time.ts";
import { failureOf } from "../../parts/failure.ts";
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
      <Answer of={props.of} what={props.title.toLowerCase()}>
        {(list) => list.traces.length === 0
          ? <p class="soft">{props.none}</p>
          : <ol class="traces-short">{list.traces.map((trace) => <Row key={trace.trace_id} of={trace} slowest={list.traces[0]?.duration_us ?? 1} />)}</ol>}
      </Answer>
    </section>
  );
}

function Row({ of }: { of: TraceSummary; slowest: number }) {
  const times = useTimes();
  const because = of.failure === null ? of.root_cause ?? null : failureOf(of.failure);
  return (
    <li>
      <a class="row-link trace-link" href={href("trace", { id: of.trace_id })}>
        <span class="trace-time number">{duration(of.duration_us)}</span>
        <span class="trace-root">{of.root_service !== null && <span class="soft">{of.root_service} </span>}{of.root_operation}</span>
      </a>
      <span class="trace-why small">
        {of.error_count > 0 && <span class="tone-bad">✕ {of.error_count === 1 ? "1 error" : `${of.error_count} errors`} </span>}
        {because ?? <span class="soft">{of.usual_us === null ? "no cause is known" : "no slower than usual"}</span>}
        {of.usual_us !== null && because !== null && of.failure === null && <span class="soft"> · usual up to {duration(of.usual_us)}</span>}
        <span class="soft"> · {times.short(of.start_time_unix_us)}</span>
      </span>
    </li>
  );
}
