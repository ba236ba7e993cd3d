// What a suspect does, in the words of the command line (crates/text/src/why/words.rs).
import type { CauseKind, WhyStandout, WhySuspect } from "../api.ts";
import { percent } from "../format/count.ts";
import { duration } from "../format/duration.ts";

const CALLED: Record<CauseKind, string> = {
  own: "takes longer itself",
  error: "fails, although nothing that it calls fails",
  missing: "has a caller that stops early, before or after this call",
  edge: "takes longer to be reached by its caller",
  leaf: "responds more slowly to a call",
  queue: "starts requests later, which wait in its queue",
  repeated: "is called repeatedly within one request",
  more_often: "is called in more requests than before",
  new: "receives a call that was not made before",
};

const CALLING: Partial<Record<CauseKind, string>> = {
  edge: "takes longer to reach the service that it calls",
  leaf: "waits longer for the response to a call",
  repeated: "repeats a call within one request",
  more_often: "makes a call in more requests than before",
  new: "makes a call that was not made before",
};

/** What the suspect does, without its name: `responds more slowly to a call`. */
export function does(suspect: WhySuspect): string {
  const { kind, component, service } = suspect;
  if (kind === "missing" && !component.includes(` → ${service} `)) return "stops before calls that it made before";
  const isCaller = component.startsWith(`${service} → `);
  return (isCaller ? CALLING[kind] : undefined) ?? CALLED[kind];
}

/** How the suspect differs from the baseline: two numbers, and what they are of. */
export interface Difference {
  before: string;
  now: string;
  of: string;
}

export function differenceOf(suspect: WhySuspect): Difference | null {
  const { kind, rates, times } = suspect;
  if (rates !== null) {
    const part = (rate: { count: number; of: number }) => percent(rate.of > 0 ? rate.count / rate.of : 0);
    const of = kind === "error" ? "of its requests fail" : "of requests";
    return { before: part(rates.before), now: part(rates.now), of };
  }
  if (times === null) return null;
  return { before: duration(times.before_us), now: duration(times.now_us), of: "in each trace" };
}

/** The service that makes the call which the suspect is about: `card-validator`; null for other suspects. */
export function callerOf(suspect: WhySuspect): string | null {
  const [caller, callee] = suspect.component.split(" → ");
  return callee !== undefined && caller !== undefined && caller !== suspect.service ? caller : null;
}

/** The operation without the services that are named already: `UPDATE cards`. */
export function operationOf(suspect: WhySuspect): string {
  const callee = suspect.component.split(" → ").slice(1).join(" → ");
  const start = `${suspect.service} `;
  return callee.startsWith(start) ? callee.slice(start.length) : suspect.component;
}

const KEYS: Record<string, string> = {
  "host.name": "host", "service.version": "version", "k8s.pod.name": "pod", "service.instance.id": "instance", "k8s.node.name": "node",
};

/**
 * The values that say where a fault is: those that account for it, at most two; else the one place that more of the slow
 * or failing spans have than others.
 */
export function placesOf(standouts: readonly WhyStandout[]): WhyStandout[] {
  const explain = standouts.filter((found) => found.explains).slice(0, 2);
  return explain.length > 0 ? explain : standouts.filter((found) => KEYS[found.key] !== undefined && found.affected > found.others).slice(0, 1);
}

/** An attribute value that sets the slow or failing spans apart: `host pay-2, version 2.4.1`, or `http.route=/pay`. */
export function valueOf(found: WhyStandout): string {
  return [found, ...found.also].map(({ key, value }) => (KEYS[key] === undefined ? `${key}=${value}` : `${KEYS[key]} ${value}`)).join(", ");
}
