import { amend, href, type Address } from "../../address.ts";
import type { ComparedRow, ComparedTimes, WordedComparison } from "../../api.ts";
import { count, counted, percent } from "../../format/count.ts";
import { difference, duration } from "../../format/duration.ts";
import { useKeys } from "../../frame/keys.ts";
import { useListKeys } from "../../parts/list-keys.ts";
import { serviceColor } from "../../parts/service.tsx";
import { differing, mainRows } from "./rows.ts";

const PAGE_ROWS = 60;

/** The operations of both sides: a tree if they are aligned, else those that differ most first. */
export function Operations(props: { found: WordedComparison; address: Address }) {
  const { found, address: { params } } = props;
  const changed = differing(found.rows);
  const main = mainRows(found);
  const isAll = params.get("rows") === "all" || (params.get("rows") === null && found.rows.length <= PAGE_ROWS);
  const rows = isAll ? found.rows : changed;
  const last = Math.max(0, Math.ceil(rows.length / PAGE_ROWS) - 1);
  const page = Math.min(last, Math.max(0, Math.floor(Number(params.get("page") ?? 0)) || 0));
  const shown = rows.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS);
  const turn = () => amend({ rows: isAll ? "changed" : "all", page: null });
  useKeys("Compare", [{ keys: "o", does: "only what differs, or all", run: turn }]);
  useListKeys("Compare", ".compare-rows .compare-name");
  return (
    <section class="section" aria-labelledby="operations-title">
      <div class="head">
        <h2 id="operations-title">{found.aligned ? "Where the time is" : "Operations"}</h2>
        <button type="button" class="quiet" aria-pressed={!isAll} onClick={turn}>Only what differs ({count(changed.length)} of {count(found.rows.length)})</button>
      </div>
      {shown.length === 0 ? <p>No operation differs.</p> : (
        <table class="compare-rows">
          <thead>
            <tr>
              <th scope="col">Operation</th>
              <th scope="col" class="compare-side">A</th>
              <th scope="col" class="compare-side">B</th>
              <th scope="col" class="number">A longer by</th>
              <th scope="col">{found.delta_us === 0 ? "" : `Its own part of the ${difference(found.delta_us)}`}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row, at) => <Row key={`${page} ${at}`} row={row} found={found} isMain={main.includes(row)} />)}
          </tbody>
        </table>
      )}
      {last > 0 && (
        <div class="actions compare-pages">
          <span class="soft">{count(page * PAGE_ROWS + 1)} to {count(page * PAGE_ROWS + shown.length)} of {counted(rows.length, "operation")}</span>
          <button type="button" disabled={page === 0} onClick={() => amend({ page: page - 1 || null })}>Before</button>
          <button type="button" disabled={page === last} onClick={() => amend({ page: page + 1 })}>Next</button>
        </div>
      )}
      {found.rows_left_out > 0 && <p class="small soft">{counted(found.rows_left_out, "further operation")} that differ less are left out.</p>}
    </section>
  );
}

function Row(props: { row: ComparedRow; found: WordedComparison; isMain: boolean }) {
  const { row, found } = props;
  const example = (row.a ?? row.b)?.example;
  const name = (
    <>
      <span class={`dot service-${serviceColor(row.service)}`} aria-hidden="true" /> <span class="soft">{row.service}</span> <span class="compare-operation">{row.name}</span>
    </>
  );
  const only = row.a === null ? "only in B" : row.b === null ? "only in A" : null;
  return (
    <tr class={props.isMain ? "compare-main" : undefined}>
      <th scope="row" class="compare-cell-name" style={{ "--depth": found.aligned ? Math.min(row.depth, 12) : 0 }}>
        {example ? <a class="compare-name" href={href("trace", { id: example.trace_id, span: example.span_id })}>{name}</a> : name}
        {found.aligned && <span class="unseen">, level {row.depth + 1}</span>}
        {row.kind !== "server" && <span class="soft small"> {row.kind}</span>}
      </th>
      <Times side="A" times={row.a} of={found.a.traces} isSet={found.a.kind === "traces"} />
      <Times side="B" times={row.b} of={found.b.traces} isSet={found.b.kind === "traces"} />
      <td class="number compare-delta">
        {only !== null ? <span class="compare-only">{only}</span> : row.delta_us === null ? "–" : isClose(row) ? <span class="soft">about the same</span> : difference(row.delta_us)}
      </td>
      <td class="compare-share"><Share share={row.share} /></td>
    </tr>
  );
}

/** Differences below 5% of both are what traces differ by anyway. */
function isClose({ a, b, delta_us: delta }: ComparedRow): boolean {
  return a !== null && b !== null && Math.abs(delta ?? 0) <= 0.05 * Math.max(a.p50_us, b.p50_us);
}

function Times(props: { side: "A" | "B"; times: ComparedTimes | null; of: number; isSet: boolean }) {
  const { side, times, of, isSet } = props;
  if (times === null) return <td class="compare-times soft"><span class="compare-label">{side} </span><span class="compare-value">–</span></td>;
  const title = `${times.traces} of ${of} traces, own time ${duration(times.self_p50_us)}`;
  return (
    <td class="compare-times" title={title}>
      <span class="compare-label">{side} </span>
      <a class="compare-value" href={href("trace", { id: times.example.trace_id, span: times.example.span_id })}>{duration(times.p50_us)}</a>
      {times.calls >= 1.05 && <span class="soft"> ×{Math.round(times.calls * 10) / 10}</span>}
      {isSet && times.traces > 1 && <span class="soft small compare-p95"> P95 {duration(times.p95_us)}</span>}
      {isSet && times.traces < of && <span class="soft small"> in {percent(times.traces / Math.max(1, of))}</span>}
      {times.errors > 0 && <span class="tone-bad"> ✕ {count(times.errors)} failed</span>}
    </td>
  );
}

function Share(props: { share: number | null }) {
  const { share } = props;
  if (share === null || Math.abs(share) < 0.005) return null;
  return (
    <span class="share">
      <span class="share-text">{share < 0 && "−"}{percent(Math.abs(share))}</span>
      <span class="share-bar" aria-hidden="true"><span class={share < 0 ? "share-less" : "share-more"} style={{ width: `${Math.min(1, Math.abs(share)) * 100}%` }} /></span>
    </span>
  );
}
