// What of a service differs most from before: hosts and versions, statements, calls, operations.
import type { ServiceDetail } from "../../api.ts";
import { rate } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { oddOne } from "./odd-one.ts";

export interface Difference {
  /** `UPDATE cards`. */
  what: string;
  /** `its SQL statement`. */
  kind: string;
  /** `P95 3.71ms → 119ms, 32 times as long`. */
  says: string;
  /** How much it differs, to sort by. */
  weight: number;
}

const RATIO = 1.5;
const RATE = 0.02;
const SHOWN = 3;

interface Pair {
  what: string;
  kind: string;
  now: { count: number; errors: number; p95: number | null };
  before: { count: number; errors: number; p95: number | null } | null;
}

/** The largest differences: first a host or version that differs from the others, then what changed most. */
export function differences(detail: ServiceDetail): Difference[] {
  const places = [{ of: detail.hosts, kind: "host" }, { of: detail.versions, kind: "version" }].flatMap(({ of, kind }) => {
    const odd = oddOne(of?.groups ?? []);
    return odd === null ? [] : [{ what: odd.group.value ?? "spans without one", kind, says: odd.says, weight: Infinity }];
  });
  const changed = pairs(detail).flatMap(changeOf).sort((one, other) => other.weight - one.weight);
  return [...places, ...changed].slice(0, SHOWN);
}

function pairs(detail: ServiceDetail): Pair[] {
  const edge = (kind: string, what: string, now: { calls: number; errors: number; p95_us: number }, before: typeof now | null): Pair => ({
    what, kind, now: { count: now.calls, errors: now.errors, p95: now.p95_us }, before: before && { count: before.calls, errors: before.errors, p95: before.p95_us },
  });
  return [
    ...detail.statements.map(({ row }) => ({
      what: [row.operation, row.table].filter(Boolean).join(" "), kind: "SQL statement",
      now: { count: row.requests, errors: row.errors, p95: row.p95_us },
      before: row.before && { count: row.before.requests, errors: row.before.errors, p95: row.before.p95_us },
    })),
    ...detail.callees.map(({ edge: now, before }) => edge("calls to", now.to, now, before)),
    ...detail.operations.map(({ name, now, before }) => ({
      what: name, kind: "operation", now: { count: now.requests, errors: now.errors, p95: now.p95_us },
      before: before && { count: before.requests, errors: before.errors, p95: before.p95_us },
    })),
  ];
}

function changeOf({ what, kind, now, before }: Pair): Difference[] {
  if (before === null) return kind === "calls to" ? [{ what, kind, says: "new: not called before", weight: 1 }] : [];
  if (now.count === 0) return kind === "calls to" ? [{ what, kind, says: "not called any more", weight: 4 }] : [];
  const [fails, failed] = [now.errors / now.count, before.count > 0 ? before.errors / before.count : 0];
  if (fails - failed >= RATE && fails >= 2 * failed) {
    return [{ what, kind, says: `${rate(failed)} → ${rate(fails)} fail`, weight: 1 + (fails - failed) * 20 }];
  }
  if (now.p95 === null || before.p95 === null || before.p95 <= 0) return [];
  const ratio = now.p95 / before.p95;
  if (ratio < RATIO) return [];
  return [{ what, kind, says: `P95 ${duration(before.p95)} → ${duration(now.p95)}, ${ratio.toFixed(ratio < 10 ? 1 : 0)} times as long`, weight: Math.log2(ratio) }];
}
