// The calls of a map with what changed, as the table, the picture and the summary need them.
import type { Topology, TopologyEdge } from "../../api.ts";
import { counted, rate } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";

export type Change = "failing" | "slower" | "added" | "removed";

/** A call with what changed about it. */
export interface Call {
  key: string;
  edge: TopologyEdge;
  changes: readonly Changed[];
}

export interface Changed {
  change: Change;
  /** In the table: `P95 12ms → 30ms`. */
  says: string;
  /** On the map, where space is scarce: `12ms → 30ms`. */
  short: string;
}

/** The most important change first. */
export const CHANGES: readonly Change[] = ["failing", "slower", "added", "removed"];
export const CHANGE_WORDS: Record<Change, { word: string; mark: string; tone: string }> = {
  failing: { word: "failing", mark: "✕", tone: "bad" },
  slower: { word: "slower", mark: "▲", tone: "bad" },
  added: { word: "new", mark: "+", tone: "warn" },
  removed: { word: "gone", mark: "−", tone: "warn" },
};

export function keyOf(edge: { from: string; to: string; protocol: string }): string {
  return JSON.stringify([edge.from, edge.to, edge.protocol]);
}

/** All calls, also those that are gone. Changed calls come first, then those with most calls. */
export function calls(map: Topology): Call[] {
  const { diff } = map;
  const changes = new Map<string, Changed[]>();
  const add = (edge: TopologyEdge, change: Change, says: string, short: string) => {
    const key = keyOf(edge);
    changes.set(key, [...(changes.get(key) ?? []), { change, says, short }]);
  };
  for (const edge of diff?.failing ?? []) {
    const short = `${failed(edge.errors_before, edge.calls_before)} → ${failed(edge.errors, edge.calls)}`;
    add(edge, "failing", `${short} failed`, short);
  }
  for (const edge of diff?.slower ?? []) {
    // The percentile that grew more says more.
    const isP95 = edge.p95_us * edge.p50_us_before >= edge.p50_us * edge.p95_us_before;
    const [before, now] = isP95 ? [edge.p95_us_before, edge.p95_us] : [edge.p50_us_before, edge.p50_us];
    const short = `${duration(before)} → ${duration(now)}`;
    add(edge, "slower", `${isP95 ? "P95" : "P50"} ${short}`, short);
  }
  for (const edge of diff?.added ?? []) add(edge, "added", counted(edge.calls, "call"), counted(edge.calls, "call"));
  for (const edge of diff?.removed ?? []) add(edge, "removed", `${counted(edge.calls, "call")} before`, "");
  const all = [...map.edges, ...(diff?.removed ?? [])];
  const list = all.map((edge) => ({ key: keyOf(edge), edge, changes: changes.get(keyOf(edge)) ?? [] }));
  return list.sort((a, b) => urgency(a) - urgency(b) || b.edge.calls - a.edge.calls);
}

function urgency(call: Call): number {
  const first = call.changes[0]?.change;
  return first === undefined ? CHANGES.length : CHANGES.indexOf(first);
}

export function isRemoved(call: Call): boolean {
  return call.changes.some(({ change }) => change === "removed");
}

/** `1 call is failing, 2 are slower, 1 is new`. */
export function summary(calls: readonly Call[]): string {
  const parts: string[] = [];
  for (const change of CHANGES) {
    const number = calls.filter((call) => call.changes.some((one) => one.change === change)).length;
    if (number === 0) continue;
    const noun = parts.length === 0 ? counted(number, "call") : String(number);
    parts.push(`${noun} ${number === 1 ? "is" : "are"} ${CHANGE_WORDS[change].word}`);
  }
  return parts.join(", ");
}

export function failed(errors: number, calls: number): string {
  return rate(calls === 0 ? 0 : errors / calls);
}
