import type { Heatmap } from "../../api.ts";
import { count } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { useTimes } from "../../format/time.ts";
import { areaOf, summary } from "./grid.ts";
import { areaParams, narrow } from "./view.ts";

/** The heatmap as a table: each number narrows the list to its traces. */
export function HeatmapTable(props: { map: Heatmap }) {
  const { map } = props;
  const times = useTimes();
  const { times: groups, rows } = summary(map, 6);
  const start = (column: number) => times.precise(map.since_unix_us + ((map.until_unix_us - map.since_unix_us) * column) / map.columns).slice(0, 8);
  if (rows.length === 0) return <p>No trace began in this time.</p>;
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Traces by time and duration">
      <table class="heatmap-table">
        <thead>
          <tr>
            <th scope="col">Took</th>
            {groups.map((group) => <th key={group.left} scope="col" class="number">from {start(group.left)}</th>)}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ row, cells }) => (
            <tr key={row}>
              <th scope="row">{duration(map.bounds_us[row] ?? 0)}{row === map.rows - 1 ? " or more" : ` – ${duration(map.bounds_us[row + 1] ?? 0)}`}</th>
              {cells.map((cell) => (
                <td key={cell.left} class="number">
                  {cell.traces === 0 ? <span class="soft">–</span> : (
                    <button type="button" class="quiet" onClick={() => narrow(areaParams(areaOf(map, cell)))}>
                      {count(cell.traces)}{cell.errors > 0 && <span class="tone-bad">✕ {count(cell.errors)} failed</span>}
                    </button>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
