// The map as a table: it has all that the picture has, and the changes in full.
import type { NodeKind, TopologyEdge } from "../../api.ts";
import { amend, href } from "../../address.ts";
import { count } from "../../format/count.ts";
import { percentile } from "../../format/duration.ts";
import { Mark } from "../../parts/state.tsx";
import { CHANGE_WORDS, failed, isRemoved, type Call } from "./changes.ts";
import { Kind } from "./icons.tsx";
import { tracesOf } from "./traces-of.ts";

export type Sort = "change" | "calls" | "errors" | "p95";

const ROWS = 50;

interface Props {
  calls: readonly Call[];
  kinds: ReadonlyMap<string, NodeKind>;
  chosen: string | null;
  sort: Sort;
  page: number;
  hasDiff: boolean;
  choose: (call: Call) => void;
}

const BY: Record<Sort, ((a: TopologyEdge, b: TopologyEdge) => number) | null> = {
  change: null,
  calls: (a, b) => b.calls - a.calls,
  errors: (a, b) => b.errors - a.errors || b.calls - a.calls,
  p95: (a, b) => b.p95_us - a.p95_us,
};

/** The rows in the order of the table. */
export function sorted(calls: readonly Call[], sort: Sort): readonly Call[] {
  const by = BY[sort];
  return by === null ? calls : [...calls].sort((a, b) => by(a.edge, b.edge));
}

export function CallTable(props: Props) {
  const { chosen, sort, hasDiff } = props;
  const pages = Math.max(1, Math.ceil(props.calls.length / ROWS));
  const page = Math.min(Math.max(1, props.page), pages);
  const rows = props.calls.slice((page - 1) * ROWS, page * ROWS);
  if (props.calls.length === 0) return <p class="soft">No call to list.</p>;
  return (
    <>
      <div class="map-table-box"><table class="map-table">
        <thead>
          <tr>
            {hasDiff && <Head sort="change" now={sort}>Change</Head>}
            <th scope="col">From</th><th scope="col">To</th><th scope="col">Protocol</th>
            <Head sort="calls" now={sort} isNumber>Calls</Head>
            <Head sort="errors" now={sort} isNumber>Failed</Head>
            <th scope="col" class="number">P50</th>
            <Head sort="p95" now={sort} isNumber>P95</Head>
            <th scope="col"><span class="unseen">Traces</span></th>
          </tr>
        </thead>
        <tbody>
          {rows.map((call) => (
            <tr key={call.key} class={call.key === chosen ? "map-chosen-row" : undefined} aria-current={call.key === chosen ? "true" : undefined}>
              {hasDiff && <td data-label="Change" class={call.changes.length === 0 ? "map-same" : undefined}><Changes call={call} /></td>}
              <td data-label="From"><End name={call.edge.from} kinds={props.kinds} /></td>
              <td data-label="To"><End name={call.edge.to} kinds={props.kinds} /></td>
              <td data-label="Protocol">{call.edge.protocol}</td>
              <td data-label="Calls" class="number">{isRemoved(call) ? <><span class="soft">before: </span>{count(call.edge.calls)}</> : count(call.edge.calls)}</td>
              <td data-label="Failed" class="number">{call.edge.errors === 0 ? "0" : <span class="tone-bad">✕ {count(call.edge.errors)} ({failed(call.edge.errors, call.edge.calls)})</span>}</td>
              <td data-label="P50" class="number">{percentile(call.edge.p50_us, call.edge.exact, null)}</td>
              <td data-label="P95" class="number">{percentile(call.edge.p95_us, call.edge.exact, null)}</td>
              <td class="map-open">
                <button type="button" class="quiet" aria-pressed={call.key === chosen} onClick={() => props.choose(call)} aria-label={`Details of the calls from ${call.edge.from} to ${call.edge.to}`}>details</button>
                {!isRemoved(call) && <a href={href("traces", tracesOf(call, props.kinds))} aria-label={`Traces of the calls from ${call.edge.from} to ${call.edge.to}`}>traces</a>}
              </td>
            </tr>
          ))}
        </tbody>
      </table></div>
      {pages > 1 && (
        <p class="actions map-pages">
          <button type="button" disabled={page === 1} onClick={() => amend({ page: page === 2 ? null : page - 1 })}>Calls before</button>
          <span class="soft">{count((page - 1) * ROWS + 1)} – {count(Math.min(page * ROWS, props.calls.length))} of {count(props.calls.length)}</span>
          <button type="button" disabled={page === pages} onClick={() => amend({ page: page + 1 })}>Next calls</button>
        </p>
      )}
    </>
  );
}

function Head(props: { sort: Sort; now: Sort; isNumber?: boolean; children: string }) {
  const isNow = props.sort === props.now;
  return (
    <th scope="col" class={props.isNumber ? "number" : undefined} aria-sort={isNow ? "descending" : undefined}>
      <button type="button" class="quiet map-sort" onClick={() => amend({ sort: props.sort === "change" ? null : props.sort, page: null }, "replace")}>
        {props.children}{isNow && <span aria-hidden="true"> ▾</span>}
      </button>
    </th>
  );
}

function Changes({ call }: { call: Call }) {
  if (call.changes.length === 0) return <span class="soft">–</span>;
  return (
    <ul>
      {call.changes.map(({ change, says }) => {
        const { word, mark, tone } = CHANGE_WORDS[change];
        return <li key={change}><Mark mark={mark} tone={tone} word={word} /> <span class="map-says">{says}</span></li>;
      })}
    </ul>
  );
}

function End({ name, kinds }: { name: string; kinds: Props["kinds"] }) {
  return (
    <span class="map-end">
      <Kind kind={kinds.get(name) ?? "service"} />
      <button type="button" class="map-link" onClick={() => amend({ node: name, caller: null, callee: null, protocol: null })}>{name}</button>
    </span>
  );
}
