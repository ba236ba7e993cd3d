import { amend, href } from "../../address.ts";
import type { ServiceTime, Waterfall } from "../../api.ts";
import { counted, percent } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { useTimes } from "../../format/time.ts";
import { Mark } from "../../parts/state.tsx";
import { Service, serviceColor } from "../../parts/service.tsx";
import { shortened } from "./attributes.tsx";
import { Cause } from "./cause.tsx";
import { CYCLE, REDACTED, type Rows } from "./rows.ts";
import type { Selection } from "./view.ts";
import { Wholeness } from "./wholeness.tsx";

interface Props {
  trace: Waterfall;
  rows: Rows;
  root: number;
  isAsked: boolean;
  adjustsClocks: boolean;
  selection: Selection;
  nextError(): void;
}

/** What the trace is: its first operation, when, how long, what failed and why, and what is missing. */
export function Header(props: Props) {
  const { trace, rows, root } = props;
  const times = useTimes();
  const isHidden = rows.is(root, REDACTED);
  const took = rows.duration[root]!;
  const hasMore = trace.trace_duration_us > took * 1.01;
  return (
    <>
      <div class="head trace-head">
        <h1>{isHidden ? "A request of a hidden service" : shortened(rows.nameOf(root)) || "A span without a name"}</h1>
        {!isHidden && <Service name={rows.serviceOf(root)} />}
        <span class="trace-took"><strong>{duration(took)}</strong>{hasMore && <span class="trace-more">, the whole trace {duration(trace.trace_duration_us)}</span>}</span>
        <div class="actions trace-actions">
          <a class="button" href={href("compare", { a: trace.trace_id })} title="Compare with healthy traces (b)">Compare with healthy</a>
        </div>
      </div>
      <p class="trace-facts">
        {trace.error_count > 0
          ? <button type="button" class="quiet as-link" title="Go to the next error (e)" onClick={() => props.nextError()}><Mark mark="✕" tone="bad" word={counted(trace.error_count, "error")} /></button>
          : <span>no errors</span>}
        <span>{counted(trace.span_count, "span")}</span>
        <span>{counted(rows.services.length, "service")}</span>
        <span class="number">{times.full(trace.start_time_unix_us)}</span>
        <code class="trace-id">{trace.trace_id}</code>
      </p>
      <Cause traceId={trace.trace_id} rows={rows} isAsked={props.isAsked} selection={props.selection} />
      <Remarks {...props} />
      <Wholeness traceId={trace.trace_id} spans={trace.span_count} isAsked={props.isAsked} isComplete={trace.complete} />
      <ServiceTimes times={trace.service_times} />
    </>
  );
}

/** What is missing in the trace, or was changed for this page. */
function Remarks(props: Props) {
  const { trace, rows, adjustsClocks } = props;
  const orphans = rows.count - rows.firstOrphan;
  const moved = trace.clock_moves;
  return (
    <ul class="remarks">
      {trace.complete
        ? <li><Mark mark="✓" tone="good" word="complete" /> every parent span is stored</li>
        : <li>
            <Mark mark="!" tone="warn" word="incomplete" />{" "}
            {orphans > 0
              ? `${counted(orphans, "span")} ${orphans === 1 ? "stands" : "stand"} below a parent that was not received: it was not sent yet, not sampled, or lost`
              : "spans are missing"}
            . <a href={href("status")}>Which agents are behind</a>
          </li>}
      {trace.spans_left_out > 0 && <li><Mark mark="!" tone="warn" word="cut" /> the {counted(trace.spans_left_out, "latest span")} of {counted(trace.span_count, "span")} are not shown: the answer would be too large</li>}
      {trace.redacted > 0 && <li><Mark mark="!" tone="soft" word="hidden" /> {counted(trace.redacted, "span")} of services that you may not see, with times only</li>}
      {rows.flags.some((flag) => (flag & CYCLE) !== 0) && <li><Mark mark="!" tone="warn" word="circle" /> some spans name each other as their parents</li>}
      <li>
        {adjustsClocks
          ? moved.length === 0
            ? "no clock had to be moved"
            : `clocks moved: ${moved.slice(0, 3).map((move) => `${move.service}${move.host ? ` on ${move.host}` : ""} by ${move.moved_us < 0 ? "−" : "+"}${duration(Math.abs(move.moved_us))}`).join(", ")}${moved.length > 3 ? ` and ${moved.length - 3} more` : ""}`
          : "times as the hosts' clocks had them"}
        {" "}
        <button type="button" class="quiet as-link" aria-pressed={adjustsClocks} onClick={() => amend({ adjust_clocks: adjustsClocks ? null : true })}>
          {adjustsClocks ? "Show the clocks as they were" : "Adjust clocks"}
        </button>
      </li>
    </ul>
  );
}

const MAX_SERVICES = 6;
/** What the colony calls services that the person may not see. */
const HIDDEN = "hidden service";

/** Which services the request waited for: a bar, and the same in words. */
function ServiceTimes(props: { times: readonly ServiceTime[] }) {
  const total = props.times.reduce((sum, time) => sum + time.critical_us, 0);
  if (total <= 0) return null;
  const shares = props.times.filter((time) => time.critical_us > 0);
  const first = shares.slice(0, MAX_SERVICES);
  const rest = shares.slice(MAX_SERVICES).reduce((sum, time) => sum + time.critical_us, 0);
  return (
    <div class="shares">
      <div class="shares-bar" aria-hidden="true">
        {first.map((time) => <span key={time.service} class={`share service-${serviceColor(time.service)}`} style={{ width: `${(time.critical_us / total) * 100}%` }} />)}
      </div>
      <ul class="shares-list" aria-label="Time that the request waited for each service">
        <li class="soft">Waited for</li>
        {first.map((time) => <li key={time.service}><Service name={time.service} isLink={time.service !== HIDDEN} /> {percent(time.critical_us / total)}</li>)}
        {rest > 0 && <li class="soft">{shares.length - MAX_SERVICES} others {percent(rest / total)}</li>}
      </ul>
    </div>
  );
}
