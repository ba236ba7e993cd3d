import { href } from "../../address.ts";
import type { RequestSeries } from "../../api.ts";
import { count, rate } from "../../format/count.ts";
import { duration, percentile } from "../../format/duration.ts";
import { useTimes } from "../../format/time.ts";

/** The numbers of the charts, newest first. */
export function SeriesTable({ of }: { of: RequestSeries }) {
  const times = useTimes();
  const rows = of.requests.map((_, at) => at).reverse();
  return (
    <div class="table-scroll series-table" tabIndex={0} role="region" aria-label="Numbers over time">
      <table>
        <thead><tr><th>From</th><th class="number">Requests</th><th class="number">Errors</th><th class="number">P50</th><th class="number">P95</th><th class="number">P99</th><th>Traces</th></tr></thead>
        <tbody>
          {rows.map((at) => {
            const since = of.since_unix_us + at * of.step_us;
            const requests = of.requests[at] ?? 0;
            const errors = of.errors[at] ?? 0;
            const cell = (value: number | null | undefined) => (requests === 0 ? "–" : percentile(value ?? null, true, of.beyond_us));
            const found = of.exemplars.filter(({ time_unix_us, stored }) => stored && time_unix_us >= since && time_unix_us < since + of.step_us);
            return (
              <tr key={at}>
                <th scope="row">{times.precise(since).slice(0, 8)}</th>
                <td class="number">{count(requests)}</td>
                <td class={`number${errors > 0 ? " tone-bad" : ""}`}>{errors === 0 ? "0" : `${count(errors)} (${rate(errors / Math.max(1, requests))})`}</td>
                <td class="number">{cell(of.p50_us[at])}</td>
                <td class="number">{cell(of.p95_us[at])}</td>
                <td class="number">{cell(of.p99_us[at])}</td>
                <td>{found.map((exemplar) => <a key={exemplar.trace_id} class="row-link exemplar" href={href("trace", { id: exemplar.trace_id, span: exemplar.span_id })}>{exemplar.error && "✕ "}{duration(exemplar.duration_us)}</a>)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
