import { amend, href, type Address } from "../../address.ts";
import type { RedNumbers, ServiceDetail } from "../../api.ts";
import { count, rate } from "../../format/count.ts";
import { Before, Change, percentileOf } from "./before.tsx";
import { quoted } from "./quoted.ts";

const SHOWN = 20;
const MOST = 80;

/** What the service serves, with the numbers of before. */
export function Operations(props: { of: ServiceDetail; service: string; address: Address }) {
  const { operations, operations_left_out } = props.of;
  const isAll = props.address.params.has("operations");
  const shown = operations.slice(0, isAll ? MOST : SHOWN);
  const more = operations.length - shown.length + operations_left_out;
  return (
    <section class="section">
      <h2>Operations</h2>
      {operations.length === 0 && <p class="soft">It served no request in this window.</p>}
      {operations.length > 0 && (
        <div class="table-scroll" tabIndex={0} role="region" aria-label="Operations">
          <table class="cards numbers-table">
            <thead><tr><th>Operation</th><th class="number">Requests</th><th class="number">Errors</th><th class="number">P50</th><th class="number">P95</th><th class="number">P99</th><th>P95 against before</th></tr></thead>
            <tbody>
              {shown.map(({ name, kind, now, before }) => (
                <tr key={`${kind} ${name}`}>
                  <th scope="row"><a class="row-link" href={href("traces", { q: `service:${quoted(props.service)} name:${quoted(name)}` })}>{name}</a> {kind !== "http" && <span class="soft">{kind}</span>}</th>
                  <Numbers now={now} before={before} />
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {more > 0 && (
        <p class="small">{count(more)} more, with fewer requests.{" "}
          {!isAll && operations.length > SHOWN && <button type="button" onClick={() => amend({ operations: "all" })}>Show up to {MOST}</button>}</p>
      )}
    </section>
  );
}

/** Cells with the numbers of the window, and those of before below them. */
export function Numbers(props: { now: RedNumbers; before: RedNumbers | null; noun?: string }) {
  const { now, before } = props;
  return (
    <>
      <td class="number" data-label={props.noun ?? "Requests"}>{count(now.requests)}<Before text={before && count(before.requests)} /></td>
      <td class="number" data-label="Errors">{now.errors > 0 ? rate(now.error_rate) : "0%"}<Before text={before && rate(before.error_rate)} /></td>
      {(["p50_us", "p95_us", "p99_us"] as const).map((which) => (
        <td key={which} class="number" data-label={which.slice(0, 3).toUpperCase()}>{percentileOf(now, which)}<Before text={before && percentileOf(before, which)} /></td>
      ))}
      <td class="wide" data-label="P95 against before"><Change now={now.p95_us} before={before?.p95_us ?? null} isNew={before === null} /></td>
    </>
  );
}
