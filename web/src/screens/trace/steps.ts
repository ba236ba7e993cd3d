// How the page goes from one span to another: whatever hides the other is opened.
import { amend } from "../../address.ts";
import { lineOf, ORPHANS, ORPHANS_KEY, toggle } from "./lines.ts";
import { nextRow } from "./matches.ts";
import { ERROR, type Rows } from "./rows.ts";
import { NOTHING, type Selection, type TraceView } from "./view.ts";

interface Shown {
  rows: Rows;
  /** The rows on the lines of the waterfall. */
  lines: Int32Array;
  view: TraceView;
  isClosed: Uint8Array;
  /** The rows that are shown when only matches are; null when all are. */
  keep: Uint8Array | null;
  matches: Uint8Array | null;
  selection: Selection;
}

const MAX_OPENED = 20;

/** Ways from the selected span to another. */
export function stepsOf({ rows, lines, view, isClosed, keep, matches, selection }: Shown) {
  const reach = (row: number, options?: { details?: boolean }) => {
    const isHidden = lineOf(rows, lines, row) < 0 || lines[lineOf(rows, lines, row)] !== row;
    if (isHidden) {
      const above = rows.above(row).filter((row) => isClosed[row] === 1);
      if (view.closed.toggled.includes(ORPHANS_KEY) && row >= rows.firstOrphan) above.push(ORPHANS);
      const isOutside = view.root !== null && (row < view.root || row >= rows.end[view.root]!);
      // Far down, the URL would not have room for all that has to be opened.
      const closed = above.length > MAX_OPENED ? { level: null, toggled: [] } : toggle(rows, view.closed, ...above);
      amend({ level: closed.level, toggled: closed.toggled.join(","), ...(isOutside ? { root: null } : {}), ...(keep && keep[row] === 0 ? { only: null } : {}) });
    }
    selection.select(row, options);
  };
  const step = (by: -1 | 1) => {
    const row = matches ? nextRow(rows.count, selection.row < 0 ? (by > 0 ? -1 : 0) : selection.row, by, (row) => matches[row] === 1) : -1;
    if (row >= 0) reach(row);
  };
  const nextError = () => {
    const row = nextRow(rows.count, selection.row < 0 ? -1 : selection.row, 1, (row) => rows.is(row, ERROR));
    if (row >= 0) reach(row, { details: true });
  };
  const move = (by: number) => {
    const line = selection.row === NOTHING ? -1 : lineOf(rows, lines, selection.row);
    const next = line < 0 ? (by > 0 ? 0 : lines.length - 1) : Math.min(lines.length - 1, Math.max(0, line + by));
    const row = lines[next];
    if (row !== undefined) selection.select(row);
  };
  const close = () => {
    if (!view.details) return;
    const wasInside = (document.activeElement?.closest(".details") ?? null) !== null;
    selection.select(selection.row, { details: false });
    if (wasInside) document.querySelector<HTMLElement>("[role=row][tabindex='0']")?.focus();
  };
  return { reach, step, nextError, move, close };
}
