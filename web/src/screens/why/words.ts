// The sentences of `coral why`. They are those of crates/text/src/why/words.rs: the page and the
// command line never disagree.
import type { CauseKind, WhyRates, WhyRate, WhyStandout, WhySuspect, WordedWhy } from "../../api.ts";
import { count, percent } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";

/** `Why is payments-api slow?` */
export function question(why: WordedWhy): string {
  const kind = why.verdict === "cause" ? why.ranking[0]?.kind : undefined;
  return asked(why.service, why.route, why.trace_id, kind === "error");
}

/** The question in words before the answer is there. */
export function asked(service: string | null, route: string | null, trace: string | null, fails = false): string {
  const who = trace ? `trace ${trace.slice(0, 8)}` : route ? (service ? `${route} of ${service}` : route) : service || "everything";
  if (!fails) return `Why is ${who} slow?`;
  return who === "everything" ? "Why do requests fail?" : `Why does ${who} fail?`;
}

/** What a suspect does, before its component: `takes longer itself in`. */
export function suspicion(suspect: WhySuspect): string {
  const { component, service } = suspect;
  // The component of a call is named `caller → callee operation`; either of them may be the suspect.
  const isCaller = component.startsWith(`${service} → `);
  const isCalled = component.includes(` → ${service} `);
  switch (suspect.kind) {
    case "own": return "takes longer itself in";
    case "error": return "fails, although nothing that it calls fails, in";
    case "missing": return isCalled ? "has a caller that stops early, before or after this call:" : "stops before making calls that it made in the baseline, in";
    case "edge": return isCaller ? "takes longer to reach the service that it calls:" : "takes longer to be reached by its caller:";
    case "leaf": return isCaller ? "waits longer for the response to a call:" : "responds more slowly to a call:";
    case "queue": return "starts requests later, which wait in its queue:";
    case "repeated": return isCaller ? "repeats a call within one request:" : "is called repeatedly within one request:";
    case "more_often": return isCaller ? "makes a call in more requests than in the baseline:" : "is called in more requests than in the baseline:";
    case "new": return isCaller ? "makes a call that the baseline does not have:" : "receives a call that the baseline does not have:";
  }
}

/** From this part on, spans are all spans. */
const ALL = 0.995;
/** The smallest part of failing spans whose common outcome, such as a status, is told. */
const MIN_OUTCOME = 0.5;

/** How the suspect differs from the baseline: `78.8ms per trace, 2.54ms in the baseline`; empty if nothing tells. */
export function difference(suspect: WhySuspect, standouts: readonly WhyStandout[]): string {
  const explains = standouts.find((found) => found.explains);
  const common = explains ? `, ${share(explains.affected)} of them with ${values(explains, 1)}` : "";
  const { rates, times, kind } = suspect;
  if (rates && kind === "error") {
    const outcome = standouts.find((found) => !found.explains && found.affected >= MIN_OUTCOME);
    const ends = outcome ? `, ${share(outcome.affected)} with ${values(outcome, 1)}` : "";
    return `${now(rates)} of its requests fail (${before(rates)} in the baseline)${common}${ends}`;
  }
  if (rates) return `in ${now(rates)} of requests (${before(rates)} in the baseline)${common}`;
  if (explains?.times) {
    const { with_us, without_us, other_value } = explains.times;
    const without = other_value === null ? "without" : `with ${explains.key}=${other_value}`;
    return `P50 is ${duration(with_us)} with ${values(explains, 1)}, and ${duration(without_us)} ${without}`;
  }
  return times ? `${duration(times.now_us)} per trace, ${duration(times.before_us)} in the baseline` : "";
}

/** `host.name=web-3, service.version=2.4.1`, with at most `also` further values. */
export function values(found: WhyStandout, also = found.also.length): string {
  return [found, ...found.also.slice(0, also)].map(({ key, value }) => `${key}=${value}`).join(", ");
}

/** `if cards were as fast as in the baseline`. */
export function asInBaseline(suspect: WhySuspect): string {
  return ["repeated", "more_often", "new"].includes(suspect.kind) ? "without the added calls" : `if ${suspect.service} were as fast as in the baseline`;
}

/** The service to blame: `cart`, or `between front and cart`. */
export function blamed(suspect: WhySuspect): string {
  return suspect.or_service === null ? suspect.service : `between ${suspect.or_service} and ${suspect.service}`;
}

/** What a kind of suspect means. */
export const MEANING: Record<CauseKind, { word: string; means: string }> = {
  own: { word: "own work", means: "time in the service's own work" },
  edge: { word: "way to it", means: "time between caller and service: network, connection pool, accept queue" },
  leaf: { word: "call", means: "time of a call whose callee sends no spans, such as a database" },
  queue: { word: "queue", means: "time between accepting a request and starting work on it" },
  missing: { word: "missing", means: "the operation ends without calls that it made in the baseline" },
  error: { word: "fails", means: "the operation fails, and nothing that it calls fails" },
  repeated: { word: "repeated", means: "one request repeats the same call: retries, or N+1" },
  more_often: { word: "more often", means: "more requests make this call than in the baseline" },
  new: { word: "new", means: "requests make a call that the baseline does not have" },
};

/** How a suspect was and is, for the table: `2.54ms → 78.8ms`, `0.4% → 6.5%`. */
export function change({ times, rates }: WhySuspect): { before: string; now: string } | null {
  if (times) return { before: duration(times.before_us), now: duration(times.now_us) };
  return rates && { before: before(rates), now: now(rates) };
}

/** `98% of 60`; `98% of the` for an answer without numbers. */
export function numbers(spans: WhyRate, part: number): string {
  return spans.of === 0 ? `${percent(part)} of the` : `${percent(part)} of ${count(spans.of)}`;
}

/** `part` as a whole percentage, as shares of the added time are printed. */
export function wholePercent(part: number): string {
  return `${(part * 100).toFixed(0)}%`;
}

function share(part: number): string {
  return part >= ALL ? "all" : percent(part);
}

function now({ now }: WhyRates): string {
  return percent(part(now));
}

function before({ before }: WhyRates): string {
  return percent(part(before));
}

function part({ count, of }: WhyRate): number {
  return of === 0 ? 0 : count / of;
}
