import { href } from "../../address.ts";
import type { ServiceDetail } from "../../api.ts";
import { count } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { Numbers } from "./operations.tsx";
import { quoted } from "./quoted.ts";

const SHOWN = 20;

/** The SQL statements of the service, those that took most time first. */
export function Statements(props: { of: ServiceDetail; service: string }) {
  const { statements, statements_source } = props.of;
  if (statements.length === 0) return null;
  const shown = statements.slice(0, SHOWN);
  return (
    <section class="section">
      <h2>SQL statements</h2>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="SQL statements">
        <table class="cards numbers-table">
          <thead><tr><th>Statement</th><th class="number">Calls</th><th class="number">Errors</th><th class="number">P50</th><th class="number">P95</th><th class="number">P99</th><th>P95 against before</th><th class="number">Time in all</th></tr></thead>
          <tbody>
            {shown.map(({ row, total_us }) => {
              const name = [row.operation, row.table].filter(Boolean).join(" ") || "unnamed";
              return (
                <tr key={name}>
                  <th scope="row"><a class="row-link" href={href("traces", { q: `service:${quoted(props.service)} name~${quoted(name)}` })}><code>{name}</code></a></th>
                  <Numbers now={row} before={row.before} noun="Calls" />
                  <td class="number" data-label="Time in all">{total_us === 0 ? "–" : duration(total_us)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p class="soft small">Counted from {statements_source ?? "spans"}.{statements.length > SHOWN && ` ${count(statements.length - SHOWN)} more took less time.`}</p>
    </section>
  );
}
