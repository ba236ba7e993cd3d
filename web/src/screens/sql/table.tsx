// The rows of an answer. Only those in sight are in the page.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { amend, href, read } from "../../address.ts";
import { useKeys } from "../../frame/keys.ts";
import { isNumber, traceId, written } from "./cell.ts";
import type { Cell, Column } from "./rows.ts";

interface Props {
  columns: readonly Column[];
  rows: readonly Cell[][];
  /** The number of the chosen row, from 1; null for none. */
  chosen: number | null;
}

/** The largest number of rows in the page at a time. */
const MOST = 72;
/** Rows above those in sight. */
const BEFORE = 12;
/** The largest number of characters of a value in the table; a chosen row has them all. */
const MAX_CHARACTERS = 160;

export function RowTable({ columns, rows, chosen }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(30);
  useLayoutEffect(() => {
    const measured = box.current?.querySelector<HTMLElement>("tbody tr[aria-rowindex]")?.offsetHeight;
    if (measured && Math.abs(measured - height) > 0.5) setHeight(measured);
  });
  const first = Math.max(0, Math.min(Math.floor(top / height) - BEFORE, rows.length - MOST));
  const shown = rows.slice(first, first + MOST);
  const after = rows.length - first - shown.length;
  // The address is newer than what is shown when keys follow fast.
  const step = (by: number) => choose(Number(read().params.get("row") ?? (by > 0 ? 0 : 2)) + by);
  const choose = (row: number) => {
    const next = Math.min(Math.max(1, row), rows.length);
    amend({ row: next }, "replace");
    reveal(next);
  };
  const reveal = (row: number) => {
    const area = box.current;
    if (!area) return;
    const [from, to] = [(row - 1) * height, (row + 1) * height];
    if (from < area.scrollTop) area.scrollTop = from;
    else if (to > area.scrollTop + area.clientHeight) area.scrollTop = to - area.clientHeight;
  };
  // A link to a row shows the row, once it has arrived.
  const isThere = chosen !== null && chosen <= rows.length;
  useLayoutEffect(() => { if (isThere) reveal(chosen); }, [isThere]);
  useKeys("SQL", [
    { keys: "j", does: "next row", run: () => step(1) },
    { keys: "k", does: "row before", run: () => step(-1) },
    { keys: "Escape", does: "choose no row", run: () => amend({ row: null }, "replace") },
  ]);
  return (
    <div ref={box} class="sql-box" tabIndex={0} role="region" aria-label="Rows" onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
      <table class="sql-table" aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col" class="number"><span class="unseen">Row</span></th>
            {columns.map((column, at) => <th key={at} scope="col" class={isNumber(column) ? "number" : undefined}>{column.name} <span class="sql-type">{column.type}</span></th>)}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <Space height={first * height} />}
          {shown.map((row, at) => {
            const number = first + at + 1;
            return (
              <tr key={number} aria-rowindex={number + 1} class={number === chosen ? "sql-chosen" : undefined} aria-current={number === chosen ? "true" : undefined}>
                <td class="number"><button type="button" class="sql-row" onClick={() => choose(number)} aria-label={`Row ${number}, all of it`}>{number}</button></td>
                {row.map((cell, column) => <td key={column} class={columns[column] && isNumber(columns[column]) ? "number" : undefined}><Value column={columns[column]} cell={cell} most={MAX_CHARACTERS} /></td>)}
              </tr>
            );
          })}
          {after > 0 && <Space height={after * height} />}
        </tbody>
      </table>
    </div>
  );
}

/** Room for rows that are not in the page. */
function Space({ height }: { height: number }) {
  return <tr class="sql-space" aria-hidden="true"><td style={{ height: `${height}px` }} /></tr>;
}

function Value({ column, cell, most }: { column: Column | undefined; cell: Cell; most: number }) {
  if (cell === null) return <span class="soft">NULL</span>;
  const text = written(cell);
  const id = traceId(column, cell);
  if (id !== null) return <a href={href("trace", { id })}>{id}</a>;
  return <>{text.length > most ? `${text.slice(0, most)}…` : text}</>;
}

/** The largest number of characters of a value before all of it is asked for. */
const MAX_SHOWN = 4_000;

/** One row with all its values. */
export function WholeRow({ columns, rows, chosen }: Props) {
  const [isAll, setAll] = useState(false);
  const row = chosen === null ? undefined : rows[chosen - 1];
  if (row === undefined) return null;
  const isLong = row.some((cell) => cell !== null && written(cell).length > MAX_SHOWN);
  return (
    <section class="card sql-whole" aria-label={`Row ${chosen}`}>
      <button type="button" class="quiet icon sql-close" aria-label="Close" onClick={() => amend({ row: null }, "replace")}>✕</button>
      <h2>Row {chosen}</h2>
      <dl>
        {row.map((cell, at) => (
          <div key={at}><dt>{columns[at]?.name}</dt><dd><Value column={columns[at]} cell={cell} most={isAll ? Infinity : MAX_SHOWN} /></dd></div>
        ))}
      </dl>
      {isLong && !isAll && <button type="button" onClick={() => setAll(true)}>Show all of the long values</button>}
    </section>
  );
}
