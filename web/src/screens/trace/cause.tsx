import { href } from "../../address.ts";
import { sentence, useAnswer } from "../../answer.tsx";
import type { CauseKind, WhySuspect } from "../../api.ts";
import { percent } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { Mark } from "../../parts/state.tsx";
import type { Rows } from "./rows.ts";
import type { Selection } from "./view.ts";

const DOES: Record<CauseKind, string> = {
  own: "takes longer itself",
  error: "fails, although nothing that it calls fails",
  missing: "was reached less than before: its caller stops early",
  edge: "takes longer to be reached",
  leaf: "responds more slowly to a call",
  queue: "starts requests later, which wait in its queue",
  repeated: "is called repeatedly within one request",
  more_often: "is called in more requests than before",
  new: "receives a call that was not made before",
};

/** Why the trace took this long, in one line. It is asked when the rows are on the screen. */
export function Cause(props: { traceId: string; rows: Rows; isAsked: boolean; selection: Selection }) {
  const { traceId, rows, selection } = props;
  const asked = useAnswer("why", props.isAsked ? { trace_id: traceId, since: "15m", until: "now", baseline: "1h" } : null);
  const why = asked.answer;
  const more = <a href={href("why", { trace: traceId })}>Why, with its evidence</a>;
  if (asked.error !== null) return <p class="cause soft">The cause is not known: {sentence(asked.error.message)} {more}</p>;
  if (why === null || !asked.isCurrent) return <p class="cause soft" aria-busy="true">Looking for the cause …</p>;
  const suspect = why.ranking[0];
  if (why.verdict === "cause" && suspect) {
    const evidence = suspect.evidence.find((evidence) => evidence.trace_id === traceId);
    const row = evidence ? rows.find(evidence.span_id) : -1;
    return (
      <p class="cause is-found">
        <Mark mark="✕" tone="bad" word="Cause" />{" "}
        <span class="cause-words"><strong>{suspect.service}</strong> {DOES[suspect.kind]}: {component(suspect)}{numbers(suspect)}, {percent(suspect.share)} of the added time.</span>
        {row >= 0 && <button type="button" onClick={() => selection.select(row, { details: true })}>Show the span</button>}
        {more}
      </p>
    );
  }
  const verdict = why.verdict === "no_cause" ? "No cause" : "Not enough to tell a cause";
  return <p class="cause"><Mark mark={why.verdict === "no_cause" ? "✓" : "?"} tone="soft" word={verdict} /> <span class="cause-words">{sentence(why.reason)}</span> {more}</p>;
}

/** The operation without services that are named already. */
function component({ component, service }: WhySuspect): string {
  const callee = component.split(" → ").slice(1).join(" → ");
  return callee.startsWith(`${service} `) ? `${callee.slice(service.length + 1)} from ${component.split(" → ")[0]}` : component;
}

function numbers({ times, rates }: WhySuspect): string {
  if (times !== null) return `, ${duration(times.before_us)} → ${duration(times.now_us)}`;
  if (rates === null) return "";
  const part = (rate: { count: number; of: number }) => percent(rate.of > 0 ? rate.count / rate.of : 0);
  return `, ${part(rates.before)} → ${part(rates.now)}`;
}
