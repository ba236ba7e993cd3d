import { useEffect, useMemo } from "preact/hooks";
import { href } from "../../address.ts";
import { sentence, useAnswer } from "../../answer.tsx";
import type { WhySuspect } from "../../api.ts";
import { count, percent } from "../../format/count.ts";
import { announce } from "../../frame/announce.tsx";
import { Mark } from "../../parts/state.tsx";
import { callerOf, differenceOf, does, operationOf } from "../../parts/suspect.ts";
import { shortened } from "./attributes.tsx";
import { ERROR, type Rows } from "./rows.ts";
import type { Selection } from "./view.ts";

/** Why the trace took this long, in one line. It is asked when the rows are on the screen. */
export function Cause(props: { traceId: string; rows: Rows; isAsked: boolean; selection: Selection }) {
  const { traceId, rows, selection } = props;
  const asked = useAnswer("why", props.isAsked ? { trace_id: traceId, since: "15m", until: "now", baseline: "1h" } : null);
  const why = asked.answer;
  const suspect = why?.ranking[0];
  const isFound = why !== null && asked.isCurrent && why.verdict === "cause" && suspect !== undefined;
  useEffect(() => { if (isFound) announce(`Cause: ${suspect.service} ${does(suspect)}`); }, [isFound]);
  const more = <a href={href("why", { trace: traceId })} title="The ranking and the evidence">Why</a>;
  const { row: failing, places } = useMemo(() => deepestFailure(rows), [rows]);
  const failure = failing >= 0 && (
    <>
      <Mark mark="✕" tone="bad" word="Fails" />{" "}
      <span class="cause-words">{places > 1 ? `in ${count(places)} places, the deepest: ` : "in "}<strong>{shortened(rows.serviceOf(failing))}</strong> {shortened(rows.nameOf(failing))}: nothing below it fails.</span>
      <button type="button" onClick={() => selection.select(failing, { details: true })}>Show the span</button>
    </>
  );
  const tone = failing >= 0 ? "cause is-found" : "cause";
  if (asked.error !== null && (why === null || !asked.isCurrent)) return <p class={tone}>{failure} <span class="soft">The cause is not known: {sentence(asked.error.message)}</span> {more}</p>;
  if (why === null || !asked.isCurrent) return <p class={tone} aria-busy="true">{failure} <span class="soft">Looking for the cause …</span></p>;
  if (isFound) {
    const evidence = suspect.evidence.find((evidence) => evidence.trace_id === traceId);
    const row = evidence ? rows.find(evidence.span_id) : -1;
    return (
      <p class="cause is-found">
        <Mark mark="✕" tone="bad" word="Cause" />{" "}
        <span class="cause-words"><strong>{suspect.service}</strong> {does(suspect)}: {operation(suspect)}{numbers(suspect)}{share(suspect)}.</span>
        {row >= 0 && <button type="button" onClick={() => selection.select(row, { details: true })}>Show the span</button>}
        {more}
      </p>
    );
  }
  const verdict = why.verdict === "no_cause" ? "No cause" : "Not enough to tell a cause";
  return <p class={tone}>{failure} <Mark mark={why.verdict === "no_cause" ? "✓" : "?"} tone="soft" word={verdict} /> <span class="cause-words">{sentence(why.reason)}</span> {more}</p>;
}

/** The failing row furthest down of those below which nothing fails, -1 if nothing fails; and how many of those there are. */
export function deepestFailure(rows: Rows): { row: number; places: number } {
  const failsBelow = new Uint8Array(rows.count);
  let deepest = -1;
  let places = 0;
  for (let row = rows.count - 1; row >= 0; row -= 1) {
    const fails = rows.is(row, ERROR);
    if (fails && failsBelow[row] === 0) places += 1;
    if (fails && failsBelow[row] === 0 && (deepest < 0 || rows.depth[row]! >= rows.depth[deepest]!)) deepest = row;
    const parent = rows.parent[row]!;
    if (parent >= 0 && (fails || failsBelow[row] === 1)) failsBelow[parent] = 1;
  }
  return { row: deepest, places };
}

/** What it is about: `UPDATE cards from card-validator`. */
function operation(suspect: WhySuspect): string {
  const caller = callerOf(suspect);
  return `${operationOf(suspect)}${caller === null ? "" : ` from ${caller}`}`;
}

function numbers(suspect: WhySuspect): string {
  const difference = differenceOf(suspect);
  return difference === null ? "" : `, ${difference.before} → ${difference.now} ${difference.of}`;
}

function share({ share }: WhySuspect): string {
  return share > 0 ? `, ${percent(share)} of the added time` : "";
}
