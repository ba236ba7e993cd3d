// Which rows of a comparison are shown, and what they come to.
import type { ComparedAttribute, ComparedRow, WordedComparison } from "../../api.ts";

/** A difference below this part of the whole is not worth a line. */
const SMALL_SHARE = 0.01;

/** Whether something about the operation differs between the sides. */
export function differs(row: ComparedRow): boolean {
  if (row.a === null || row.b === null) return true;
  if (row.share !== null && Math.abs(row.share) >= SMALL_SHARE) return true;
  const fails = (errors: number, calls: number) => errors / Math.max(1, calls);
  return fails(row.a.errors, row.a.calls * row.a.traces) !== fails(row.b.errors, row.b.calls * row.b.traces);
}

/** The rows that differ, with the operations above them. */
export function differing(rows: readonly ComparedRow[]): ComparedRow[] {
  const kept = new Set<ComparedRow>();
  const above: ComparedRow[] = [];
  for (const row of rows) {
    above.length = Math.min(above.length, row.depth);
    if (differs(row)) {
      for (const one of above) kept.add(one);
      kept.add(row);
    }
    above[row.depth] = row;
  }
  return rows.filter((row) => kept.has(row));
}

/** The operations that most of the difference is in: those that make up 80% of it, at most three. */
export function mainRows({ rows, delta_us: delta }: WordedComparison): ComparedRow[] {
  if (delta === 0) return [];
  const largest = rows.filter((row) => (row.share ?? 0) >= 0.05).toSorted((one, other) => (other.share ?? 0) - (one.share ?? 0));
  const main: ComparedRow[] = [];
  let sum = 0;
  for (const row of largest) {
    if (sum >= 0.8 || main.length === 3) break;
    main.push(row);
    sum += row.share ?? 0;
  }
  return main;
}

/** Values that most traces of A have and few of B, at most two, so that the answer names the host or the version. */
export function telling(attributes: readonly ComparedAttribute[]): ComparedAttribute[] {
  const part = (count: number, of: number) => (of > 0 ? count / of : 0);
  const apart = attributes.filter((one) => one.b_of > 0 && !OF_ONE_REQUEST.test(one.key) && part(one.a, one.a_of) - part(one.b, one.b_of) >= 0.5);
  // Several services on one host are one fact.
  return apart.filter((one, at) => apart.findIndex((other) => other.key === one.key && other.value === one.value) === at).slice(0, 2);
}

/** Who asked and for what, which tells little about the cause. */
const OF_ONE_REQUEST = /^(client|source|network|net|url|user_agent|enduser|thread)\.|\.size$/;

/** The part of the difference that no operation's own time accounts for, if it is a large one. */
export function unexplained({ rows, delta_us: delta }: WordedComparison): number | null {
  if (delta === 0 || rows.length === 0) return null;
  const rest = 1 - rows.reduce((sum, row) => sum + (row.share ?? 0), 0);
  return rest >= 0.3 ? Math.min(1, rest) : null;
}

/** The deepest operation that takes most of the difference longer, with what it calls. */
export function deepestLonger({ rows, delta_us: delta }: WordedComparison): ComparedRow | null {
  if (delta <= 0) return null;
  const longer = rows.filter((row) => (row.delta_us ?? 0) >= 0.5 * delta);
  return longer.reduce<ComparedRow | null>((deepest, row) => (deepest === null || row.depth > deepest.depth ? row : deepest), null);
}
