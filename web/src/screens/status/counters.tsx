import { amend } from "../../address.ts";
import { count, counted } from "../../format/count.ts";

/** Counters of what was lost, refused or left out, by the end of their names. */
const LOSSES: readonly { end: string; says: string }[] = [
  { end: "spans.missed", says: "Spans that expired on an agent before this colony had fetched them" },
  { end: "spans.refused.invalid", says: "Spans that break the rules of OpenTelemetry, and can never be stored" },
  { end: "spans.refused.undecodable", says: "Spans that could not be decoded" },
  { end: "spans.refused.unstorable", says: "Spans that are too large to be stored" },
  { end: "spans.evicted", says: "Spans that were deleted early, because the limit of the store was reached" },
  { end: "spans.sampled_out", says: "Spans that the colony left out by its own sampling" },
  { end: "store.damaged", says: "Files of the store that cannot be read" },
  { end: "metrics.missed", says: "Metrics that expired on an agent before this colony had fetched them" },
  { end: "metrics.refused", says: "Metrics that can never be stored" },
  { end: "metrics.damaged", says: "Files of metrics that cannot be read" },
  { end: "metrics.evicted", says: "Metrics that were deleted early, because the limit was reached" },
  { end: "metric_points.overflown", says: "Metric points beyond the largest number of series" },
  { end: "links.dropped", says: "Links between spans that were not kept" },
  { end: "minutes.dropped", says: "Minutes of the coverage timeline that were not recorded" },
  { end: "polls.failed", says: "Polls of agents that failed" },
  { end: "pollers.panicked", says: "Pollers that crashed: please report it" },
  { end: "maintenance.failures", says: "Failures to clean up the store" },
  { end: "queries.refused", says: "Questions that were refused, because too many were asked at a time" },
  { end: "registrations.refused", says: "Agents that were refused" },
  { end: "audit.failures", says: "Failures to write the audit log" },
  { end: "audit.unrecorded", says: "Questions that the audit log does not have" },
];

/** What a counter counts, if it counts a loss; else null. */
export function lossOf(name: string): string | null {
  return LOSSES.find(({ end }) => name.endsWith(`.${end}`))?.says ?? null;
}

/** Losses first; all counters on demand. */
export function Counters(props: { of: Record<string, number>; isAll: boolean }) {
  const all = Object.entries(props.of);
  const known = all.filter(([name]) => lossOf(name) !== null);
  const lost = known.filter(([, value]) => value > 0);
  return (
    <section class="section">
      <h2>What was lost</h2>
      {lost.length === 0
        ? <p>Nothing since this colony started: {counted(known.length, "counter")} of losses, all 0.</p>
        : <Table rows={lost} />}
      <p><button type="button" aria-expanded={props.isAll} onClick={() => amend({ counters: props.isAll ? null : "all" })}>{props.isAll ? "Hide counters" : `All ${count(all.length)} counters`}</button></p>
      {props.isAll && <Table rows={all.slice(0, 78)} />}
    </section>
  );
}

function Table(props: { rows: readonly (readonly [string, number])[] }) {
  return (
    <table class="counters">
      <thead><tr><th class="number">Count</th><th>Of</th></tr></thead>
      <tbody>
        {props.rows.map(([name, value]) => {
          const loss = lossOf(name);
          const isLoss = loss !== null && value > 0;
          return <tr key={name}><td class={`number${isLoss ? " tone-bad" : ""}`}>{isLoss && <span aria-hidden="true">✕ </span>}{count(value)}</td><td>{loss !== null && <span class="counter-says">{loss}</span>}<code>{name}</code></td></tr>;
        })}
      </tbody>
    </table>
  );
}
