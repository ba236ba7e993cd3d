import type { Rows } from "./rows.ts";

/** The line above the spans whose parent was not received. */
export const ORPHANS = -1;

/** Which rows are closed: all at `level` and below, except that those in `toggled` are the other way. */
export interface Closed {
  /** Rows this deep are closed; null if none are. */
  level: number | null;
  /** Rows as `shortKeyOf` names them; {@link ORPHANS_KEY} for the line above orphans. */
  toggled: readonly string[];
}

export const ORPHANS_KEY = "orphans";
const MAX_TOGGLED = 100;

/** By row, 1 if it is closed. */
export function closedRows(rows: Rows, closed: Closed): Uint8Array {
  const is = new Uint8Array(rows.count);
  const { level } = closed;
  if (level !== null) for (let row = 0; row < rows.count; row += 1) is[row] = rows.depth[row]! >= level ? 1 : 0;
  for (const key of closed.toggled) {
    const row = rows.find(key);
    if (row >= 0) is[row] = 1 - is[row]!;
  }
  return is;
}

/** `closed` with one row the other way. */
export function toggle(rows: Rows, closed: Closed, ...which: number[]): Closed {
  const toggled = new Set(closed.toggled);
  for (const row of which) {
    const key = row === ORPHANS ? ORPHANS_KEY : rows.shortKeyOf(row);
    if (!toggled.delete(key)) toggled.add(key);
  }
  return { ...closed, toggled: [...toggled].slice(-MAX_TOGGLED) };
}

/** One level more, or fewer, is closed. */
export function changeLevel(rows: Rows, closed: Closed, by: -1 | 1): Closed {
  let deepest = 0;
  for (let row = 0; row < rows.count; row += 1) if (rows.hasChildren(row)) deepest = Math.max(deepest, rows.depth[row]!);
  const level = (closed.level ?? deepest + 1) + by;
  return { level: level > deepest ? null : Math.max(0, level), toggled: [] };
}

/**
 * The rows that are shown, in order, with {@link ORPHANS} before the first orphan.
 * `root` shows only its subtree; `keep` has 1 for rows that are shown.
 */
export function linesOf(rows: Rows, closed: Closed, root: number | null, keep: Uint8Array | null): Int32Array {
  const isClosed = closedRows(rows, closed);
  const lines = new Int32Array(rows.count + 1);
  let length = 0;
  const last = root === null ? rows.count : rows.end[root]!;
  let isInOrphans = root !== null;
  for (let row = root ?? 0; row < last;) {
    if (!isInOrphans && row >= rows.firstOrphan && (keep === null || hasAny(keep, row))) {
      isInOrphans = true;
      lines[length++] = ORPHANS;
      if (closed.toggled.includes(ORPHANS_KEY)) break;
    }
    if (keep !== null && keep[row] === 0) {
      // What is above a match is kept, so nothing below this row is.
      row = rows.end[row]!;
      continue;
    }
    lines[length++] = row;
    row = isClosed[row] === 1 ? rows.end[row]! : row + 1;
  }
  return lines.subarray(0, length);
}

function hasAny(keep: Uint8Array, from: number): boolean {
  return keep.indexOf(1, from) >= 0;
}

/** Rows that match, and those above them. */
export function withAbove(rows: Rows, matches: Uint8Array): Uint8Array {
  const keep = matches.slice();
  for (let row = rows.count - 1; row >= 0; row -= 1) {
    const parent = rows.parent[row]!;
    if (keep[row] === 1 && parent >= 0) keep[parent] = 1;
  }
  return keep;
}

/** The line of `row`, or of the nearest row above it that is shown; -1 if there is none. */
export function lineOf(rows: Rows, lines: Int32Array, row: number): number {
  for (const at of [row, ...(row >= 0 ? rows.above(row) : [])]) {
    const line = search(lines, at);
    if (line >= 0) return line;
  }
  return -1;
}

/** Rows are in ascending order, except {@link ORPHANS}. */
function search(lines: Int32Array, row: number): number {
  if (row === ORPHANS) return lines.indexOf(ORPHANS);
  let low = 0;
  let high = lines.length - 1;
  while (low <= high) {
    let middle = (low + high) >> 1;
    if (lines[middle] === ORPHANS) {
      if (middle + 1 <= high) middle += 1;
      else if (middle - 1 >= low) middle -= 1;
      else return -1;
    }
    const there = lines[middle]!;
    if (there === row) return middle;
    if (there < row) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
