import { CRITICAL, ERROR, type Rows } from "./rows.ts";
import type { Usual } from "./usual.ts";

export const PILLS = ["critical", "errors", "slow"] as const;
export type Pill = (typeof PILLS)[number];

export interface Filter {
  /** The rows that the search found; null if nothing is searched. */
  found: readonly number[] | null;
  pills: readonly Pill[];
  /** Services whose spans match; empty for all. */
  services: readonly string[];
}

/** Without usual durations, a span is slow that takes this part of the trace itself. */
const SLOW_PART = 0.1;

/** By row, 1 if it matches the whole filter; null if there is no filter. */
export function matchesOf(rows: Rows, filter: Filter, length: number, usual: Usual | null): Uint8Array | null {
  const { found, pills, services } = filter;
  if (found === null && pills.length === 0 && services.length === 0) return null;
  const matches = new Uint8Array(rows.count);
  if (found === null) matches.fill(1);
  else for (const row of found) if (row < rows.count) matches[row] = 1;
  const chosen = rows.services.map((service) => services.length === 0 || services.includes(service));
  const flags = (pills.includes("critical") ? CRITICAL : 0) | (pills.includes("errors") ? ERROR : 0);
  const slow = pills.includes("slow");
  for (let row = 0; row < rows.count; row += 1) {
    if (matches[row] === 0) continue;
    const fits = chosen[rows.service[row]!] === true && (rows.flags[row]! & flags) === flags && (!slow || isSlow(rows, row, length, usual));
    if (!fits) matches[row] = 0;
  }
  return matches;
}

/** Slower than usual, if that is known; else a large part of the trace by itself. */
export function isSlow(rows: Rows, row: number, length: number, usual: Usual | null): boolean {
  const times = usual?.of(rows, rows.isAnswer(row) ? row - 1 : row) ?? null;
  return times === null ? rows.self[row]! >= length * SLOW_PART : times.isSlower;
}

export function countOf(matches: Uint8Array): number {
  let count = 0;
  for (const match of matches) count += match;
  return count;
}

/** The next row after `row`, or the previous one, that `is` true of; it goes around the end. -1 if there is none. */
export function nextRow(count: number, row: number, by: -1 | 1, is: (row: number) => boolean): number {
  for (let step = 1; step <= count; step += 1) {
    const at = (((row + by * step) % count) + count) % count;
    if (is(at)) return at;
  }
  return -1;
}
