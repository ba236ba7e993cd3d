import type { Group } from "../../api.ts";
import { rate } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";

/** A host or version differs from this ratio of durations or difference of error rates on. */
const RATIO = 1.5;
const RATE = 0.02;
const ENOUGH_SPANS = 20;

/** The group that fails or takes longer than every other; null when none does clearly. */
export function oddOne(groups: readonly Group[]): { group: Group; says: string } | null {
  const candidates = groups.filter(({ spans }) => spans >= ENOUGH_SPANS);
  if (candidates.length < 2) return null;
  for (const group of candidates) {
    const others = candidates.filter((other) => other !== group);
    const share = group.errors / group.spans;
    const rest = Math.max(...others.map(({ errors, spans }) => errors / spans));
    if (share - rest >= RATE && share >= 2 * rest) return { group, says: `${rate(share)} of its requests fail, at most ${rate(rest)} elsewhere` };
    const slowest = Math.max(...others.map(({ p50_us }) => p50_us));
    if (group.p50_us >= RATIO * slowest) return { group, says: `P50 ${duration(group.p50_us)}, at most ${duration(slowest)} elsewhere` };
  }
  return null;
}
