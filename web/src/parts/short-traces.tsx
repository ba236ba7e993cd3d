import { href } from "../address.ts";
import type { TraceList, TraceSummary } from "../api.ts";
import { counted } from "../format/count.ts";
import { duration } from "../format/duration.ts";
import { useTimes } from "../format/time.ts";
import { failureOf } from "./failure.ts";

/** A few traces: how long, what, and why. */
export function ShortTraces(props: { of: TraceList; none: string }) {
  const { traces } = props.of;
  if (traces.length === 0) return <p class="soft">{props.none}</p>;
  return <ol class="traces-short">{traces.map((trace) => <Row key={trace.trace_id} of={trace} />)}</ol>;
}

function Row({ of }: { of: TraceSummary }) {
  const times = useTimes();
  const because = of.failure === null ? of.root_cause ?? null : failureOf(of.failure);
  return (
    <li>
      <a class="row-link trace-link" href={href("trace", { id: of.trace_id })}>
        <span class="trace-time number">{duration(of.duration_us)}</span>
        <span class="trace-root">{of.root_service !== null && <span class="soft">{of.root_service} </span>}{of.root_operation}</span>
      </a>
      <span class="trace-why small">
        {of.error_count > 0 && <span class="tone-bad">✕ {counted(of.error_count, "error")} </span>}
        {because ?? <span class="soft">{noCause(of)}</span>}
        {of.usual_us !== null && because !== null && of.failure === null && <span class="soft"> · usual up to {duration(of.usual_us)}</span>}
        <span class="soft"> · {times.short(of.start_time_unix_us)}</span>
      </span>
    </li>
  );
}

function noCause({ usual_us, duration_us }: TraceSummary): string {
  if (usual_us === null) return "how long it usually takes is not known";
  return duration_us <= usual_us ? `no slower than usual (up to ${duration(usual_us)})` : `slower than usual (up to ${duration(usual_us)}), no single cause`;
}
