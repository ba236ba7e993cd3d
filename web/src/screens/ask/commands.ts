// Commands of an answer, as links of the page: each command has a page that answers the same.
import type { Page, Params } from "../../address.ts";
import { and, equals } from "../../search.ts";
import { lengthMs } from "../../window.ts";

export interface Place {
  page: Page;
  params: Params;
  /** What the page is called: `Why`. */
  title: string;
}

/** The page that answers the same as `command`; null for a command without one. */
export function placeOf(command: string): Place | null {
  const [program, ...rest] = wordsOf(command);
  if (program !== "coral") return null;
  const { words, flags } = split(rest);
  const [verb, noun, third, fourth] = words;
  const when = windowOf(flags);
  const baseline = flags.get("baseline")?.[0] ?? null;
  if (verb === "why") {
    const trace = flags.get("trace-id")?.[0] ?? null;
    return { page: "why", title: "Why", params: { service: noun, route: flags.get("route")?.[0], trace, baseline, ...(trace === null ? when : {}) } };
  }
  if (verb === "services") return noun === undefined ? { page: "", title: "Home", params: when } : { page: "service", title: "Service", params: { name: noun, ...when } };
  if (verb !== "query") return null;
  if (noun === "anomalies") return { page: "", title: "What changed", params: when };
  if (noun === "topology") return { page: "map", title: "Map", params: { ...(flags.has("focus") ? { focus: flags.get("focus")?.[0] } : {}), diff: flags.get("diff")?.[0], ...when } };
  if (noun === "sql") return { page: "sql", title: "SQL", params: { q: third, ...when } };
  if (noun !== "beyla" || third === undefined) return null;
  if (third === "traces") {
    const trace = flags.get("trace-id")?.[0];
    if (trace !== undefined) return { page: "trace", title: "The trace", params: { id: trace } };
    return { page: "traces", title: "Traces", params: { q: searchOf(fourth ?? "", flags), sort: flags.get("sort")?.[0], by: flags.get("by")?.[0], ...when } };
  }
  if (fourth !== undefined && ["http", "grpc", "sql"].includes(third)) return { page: "service", title: "Service", params: { name: fourth, ...when } };
  return null;
}

/** Conditions of flags, as a search has them. */
function searchOf(search: string, flags: Flags): string {
  let text = search;
  const add = (condition: string) => { text = and(text, condition); };
  for (const service of flags.get("service") ?? []) add(equals("service", service));
  for (const name of flags.get("name") ?? []) add(equals("name", name));
  for (const pair of flags.get("attr") ?? []) {
    const at = pair.indexOf("=");
    add(at > 0 ? equals(pair.slice(0, at), pair.slice(at + 1)) : pair);
  }
  for (const status of flags.get("status") ?? []) add(`status:${status}`);
  for (const least of flags.get("min-duration") ?? []) add(`duration>=${least}`);
  return text;
}

/** The window of a command: relative stays relative. Without one, the page has its own. */
function windowOf(flags: Flags): Params {
  const since = flags.get("since")?.[0];
  const until = flags.get("until")?.[0];
  if (since === undefined) return { since: null, from: null, to: null };
  return until === undefined && lengthMs(since) !== null ? { since, from: null, to: null } : { since: null, from: since, to: until ?? null };
}

type Flags = Map<string, string[]>;

/** Words of a command, and its flags, all of which have a value. */
function split(words: readonly string[]): { words: string[]; flags: Flags } {
  const flags: Flags = new Map();
  const others: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (!word.startsWith("--")) {
      others.push(word);
      continue;
    }
    const [name = "", value] = word.slice(2).split(/=(.*)/s);
    if (value === undefined) at += 1;
    flags.set(name, [...(flags.get(name) ?? []), value ?? words[at] ?? ""]);
  }
  return { words: others, flags };
}

/** The words of a shell command: those in single quotes stay whole. */
export function wordsOf(command: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let isQuoted = false;
  for (let at = 0; at < command.length; at += 1) {
    const sign = command[at] ?? "";
    if (sign === "'") {
      isQuoted = !isQuoted;
      word ??= "";
    } else if (!isQuoted && sign === "\\") {
      at += 1;
      word = (word ?? "") + (command[at] ?? "");
    } else if (!isQuoted && /\s/.test(sign)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? "") + sign;
    }
  }
  return word === null ? words : [...words, word];
}
