import { amend, go, href } from "../../address.ts";
import { announce } from "../../frame/announce.tsx";
import { useKeys } from "../../frame/keys.ts";
import { changeLevel } from "./lines.ts";
import { nextRow } from "./matches.ts";
import { CRITICAL, ERROR, type Rows } from "./rows.ts";
import { setClosed, VIEWS, type TraceView, type Zoom } from "./view.ts";
import { around, scale } from "./zoom.ts";

interface Keys {
  traceId: string;
  rows: Rows;
  view: TraceView;
  zoom: Zoom;
  length: number;
  /** The selected row; negative for none. */
  row: number;
  matches: Uint8Array | null;
  /** Selects a row and opens what is above it. */
  reach(row: number): void;
  /** Moves by lines. */
  move(by: number): void;
  open(): void;
  close(): void;
}

/** The keys of a trace. The tree itself has arrows, Home, End, Page Up and Page Down besides. */
export function useTraceKeys(keys: Keys): void {
  const { rows, view, zoom, length, row, matches } = keys;
  const step = (by: -1 | 1, is: (row: number) => boolean, none: string) => () => {
    const next = nextRow(rows.count, row < 0 ? (by > 0 ? -1 : 0) : row, by, is);
    if (next < 0) announce(none);
    else keys.reach(next);
  };
  const isError = (row: number) => rows.is(row, ERROR);
  const isCritical = (row: number) => rows.is(row, CRITICAL);
  const isMatch = (row: number) => matches !== null && matches[row] === 1;
  const zoomBy = (factor: number) => () => zoom.set(scale(zoom, factor, length), "replace");
  const id = row >= 0 ? rows.keyOf(row) : null;
  useKeys("Trace", [
    { keys: "j", does: "next row, also ↓ in the tree", run: () => keys.move(1) },
    { keys: "k", does: "previous row, also ↑", run: () => keys.move(-1) },
    { keys: "Enter", does: "details of the row", run: keys.open },
    { keys: "Escape", does: "close the details", run: keys.close },
    { keys: "e", does: "next error", run: step(1, isError, "No span failed") },
    { keys: "E", does: "previous error", run: step(-1, isError, "No span failed") },
    { keys: "p", does: "next on the critical path", run: step(1, isCritical, "No critical path") },
    { keys: "P", does: "previous on the critical path", run: step(-1, isCritical, "No critical path") },
    { keys: "n", does: "next match", run: step(1, isMatch, "No span matches") },
    { keys: "N", does: "previous match", run: step(-1, isMatch, "No span matches") },
    { keys: "f", does: "only this subtree", run: () => { if (id !== null) amend({ root: id }); } },
    { keys: "F", does: "the whole tree again", run: () => amend({ root: null }) },
    { keys: "z", does: "zoom to the span", run: () => { if (row >= 0) zoom.set(around(rows.start[row]!, rows.duration[row]!, length)); } },
    { keys: "0", does: "the whole time again", run: () => zoom.set({ start: 0, end: length }) },
    { keys: "+", does: "zoom in", run: zoomBy(0.5) },
    { keys: "-", does: "zoom out", run: zoomBy(2) },
    { keys: "x", does: "close one level more", run: () => setClosed(changeLevel(rows, view.closed, -1)) },
    { keys: "X", does: "open one level more", run: () => setClosed(changeLevel(rows, view.closed, 1)) },
    { keys: "b", does: "compare with healthy traces", run: () => go(href("compare", { a: keys.traceId })) },
    ...VIEWS.map((name, at) => ({ keys: String(at + 1), does: `view: ${name}`, run: () => amend({ view: name === "waterfall" ? null : name }) })),
  ]);
}
