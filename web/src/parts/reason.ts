// Why a service is said to be slow, failing or not known: the words of crates/text/src/services/verdict.rs.
import type { KindOfRequests, ServiceNumbers, ServiceState, UnknownHealth } from "../api.ts";
import { perSecond, rate } from "../format/count.ts";
import { percentile } from "../format/duration.ts";

const SLOW_RATIO = 1.5;

const UNKNOWN: Record<UnknownHealth, string> = {
  coverage: "spans of it are missing in this window",
  no_requests: "it serves no requests",
  few_requests: "fewer than 20 requests, too few to judge",
  no_baseline: "fewer than 50 requests before, too few to compare with",
};

/** The reason for the health of a service: `P95 489ms, 23.7ms before`; empty for a service that is well. */
export function reasonOf(of: ServiceState): string {
  if (of.health === "well") return "";
  if (of.health === "unknown") return of.unknown_because === null ? "not known to be well" : UNKNOWN[of.unknown_because];
  const requests = of.requests.find((requests) => requests.kind === of.kind) ?? of.requests[0];
  if (requests === undefined) return "";
  const noun = requests.kind === "messages" ? "messages" : "requests";
  const { now, before } = requests;
  const wasRate = before === null ? "none" : perSecond(before.requests_per_second);
  switch (of.health) {
    case "failing": return failing(of, requests, noun);
    case "slow": return slower(requests);
    case "not_seen": return `serves no ${noun}, ${wasRate} per second before`;
    case "fewer_requests": return `${perSecond(now.requests_per_second)} ${noun} per second, ${wasRate} before`;
  }
}

function failing(of: ServiceState, { now, before }: KindOfRequests, noun: string): string {
  const { operation } = of;
  const part = operation === null
    ? `${rate(now.error_rate)} of ${noun} fail${was(before?.error_rate)}`
    : `${rate(operation.now.error_rate)} of ${operation.name} fail${was(operation.before?.error_rate)}`;
  const slow = of.is_slow_too ? of.requests.find((requests) => grew(requests, "p95_us") || grew(requests, "p50_us")) : undefined;
  return slow === undefined ? part : `${part}; and slow: ${slower(slow)}`;
}

function was(share: number | undefined): string {
  return share === undefined ? "" : `, ${rate(share)} before`;
}

/** `P95 489ms, 23.7ms before`: P95 if that grew, else P50. */
function slower(of: KindOfRequests): string {
  const { now, before } = of;
  if (before === null) return `P95 ${p95(now)}`;
  if (now.p95_us === null || before.p95_us === null || grew(of, "p95_us")) return `P95 ${p95(now)}, ${p95(before)} before`;
  return `P50 ${p50(now)}, ${p50(before)} before`;
}

function grew({ now, before }: KindOfRequests, which: "p50_us" | "p95_us"): boolean {
  const [is, was] = [now[which], before?.[which] ?? null];
  return is !== null && was !== null && was > 0 && is >= SLOW_RATIO * was;
}

export function p50(of: ServiceNumbers): string {
  return percentile(of.p50_us, of.exact, of.beyond_us);
}

export function p95(of: ServiceNumbers): string {
  return percentile(of.p95_us, of.exact, of.beyond_us);
}
