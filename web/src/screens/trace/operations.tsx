import { useMemo } from "preact/hooks";
import { amend } from "../../address.ts";
import { count, percent } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { Service } from "../../parts/service.tsx";
import { shortened } from "./attributes.tsx";
import { operationsOf, SORTS, type Sort } from "./operation.ts";
import type { Rows } from "./rows.ts";
import type { Usual } from "./usual.ts";
import type { Selection } from "./view.ts";

const TITLES: Record<Sort, string> = { self: "Itself", total: "Total", longest: "Longest", spans: "Spans", errors: "Errors" };
const PAGE = 60;

/** The spans of the trace, summed by operation. */
export function Operations(props: { params: URLSearchParams; rows: Rows; matches: Uint8Array | null; usual: Usual | null; selection: Selection }) {
  const { params, rows, usual } = props;
  const sort = SORTS.find((sort) => sort === params.get("sort")) ?? "self";
  const all = useMemo(() => operationsOf(rows, props.matches, sort), [rows, props.matches, sort]);
  const self = all.reduce((sum, operation) => sum + operation.self, 0);
  const pages = Math.max(1, Math.ceil(all.length / PAGE));
  const page = Math.min(pages, Math.max(1, Number(params.get("page")) || 1));
  if (all.length === 0) return <p class="notice">No span matches.</p>;
  return (
    <>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Operations of the trace">
        <table class="operations cards">
          <thead>
            <tr>
              <th scope="col">Operation</th>
              {SORTS.map((name) => (
                <th key={name} scope="col" class="number" aria-sort={sort === name ? "descending" : undefined}>
                  <button type="button" class="quiet" onClick={() => amend({ sort: name === "self" ? null : name, page: null })}>{TITLES[name]}{sort === name && <span aria-hidden="true"> ↓</span>}</button>
                </th>
              ))}
              {usual && <th scope="col" class="number">Usual</th>}
            </tr>
          </thead>
          <tbody>
            {all.slice((page - 1) * PAGE, page * PAGE).map((operation) => {
              const times = usual?.of(rows, operation.row) ?? null;
              return (
                <tr key={`${operation.service}\n${operation.name}\n${operation.kind}`}>
                  <td class="wide">
                    <Service name={operation.service} isLink={false} />{" "}
                    <button type="button" class="quiet as-link" title="Show its longest span" onClick={() => { props.selection.select(operation.row, { details: true }); }}>{shortened(operation.name) || "no name"}</button>{" "}
                    <span class="soft">{operation.kind}</span>
                  </td>
                  <td class="number share-cell" data-label="Itself">{duration(operation.self)} <span class="soft">{percent(self > 0 ? operation.self / self : 0)}</span>
                    <span class="share-line" aria-hidden="true"><span style={{ width: `${self > 0 ? (operation.self / self) * 100 : 0}%` }} /></span>
                  </td>
                  <td class="number" data-label="Total">{duration(operation.total)}</td>
                  <td class="number" data-label="Longest">{duration(operation.longest)}</td>
                  <td class="number" data-label="Spans">{count(operation.spans)}</td>
                  <td class="number" data-label="Errors">{operation.errors > 0 ? <span class="tone-bad">✕ {count(operation.errors)}</span> : 0}</td>
                  {usual && <td class="number" data-label="Usual">{times ? duration(times.p50) : "–"}</td>}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {pages > 1 && (
        <p class="actions">
          <button type="button" disabled={page === 1} onClick={() => amend({ page: page - 1 })}>Earlier</button>
          <span>Page {page} of {pages}, {count(all.length)} operations</span>
          <button type="button" disabled={page === pages} onClick={() => amend({ page: page + 1 })}>More</button>
        </p>
      )}
    </>
  );
}
