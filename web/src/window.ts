import { amend, type Address } from "./address.ts";
import { rfc3339, type Zone } from "./format/time.ts";
import type { Option } from "./shell.ts";

/** The time range that a page is about, as its URL says it. */
export interface Window {
  /** The parameters of questions: `since` and `until` as text. */
  ask: { since: string; until: string };
  /** What people read: `last 15 min`. */
  label: string;
  /** Whether the window moves with the time. */
  isRelative: boolean;
  /** Whether the URL names no window: then answers find when a change began. */
  isDefault: boolean;
  /** Options of the command line: `--since 15m`; none for the default. */
  flags: readonly Option[];
  /** The same for questions that have no default window of 15 minutes. */
  explicitFlags: readonly Option[];
}

export const LENGTHS: readonly { since: string; label: string }[] = [
  { since: "5m", label: "last 5 min" },
  { since: "15m", label: "last 15 min" },
  { since: "1h", label: "last hour" },
  { since: "3h", label: "last 3 hours" },
  { since: "6h", label: "last 6 hours" },
  { since: "1d", label: "last day" },
  { since: "3d", label: "last 3 days" },
  { since: "7d", label: "last 7 days" },
];
const DEFAULT = "15m";

export function windowOf({ params }: Address): Window {
  const from = params.get("from");
  const to = params.get("to");
  if (from !== null) {
    const until = to ?? "now";
    const flags: Option[] = [["--since", from], to !== null && ["--until", to]];
    return {
      ask: { since: from, until },
      label: `${readable(from)} – ${to === null ? "now" : readable(to)}`,
      isRelative: false,
      isDefault: false,
      flags,
      explicitFlags: flags,
    };
  }
  const since = params.get("since") ?? DEFAULT;
  const known = LENGTHS.find((length) => length.since === since);
  const isDefault = !params.has("since");
  return {
    ask: { since, until: "now" },
    label: known?.label ?? `since ${since}`,
    isRelative: true,
    isDefault,
    flags: isDefault ? [] : [["--since", since]],
    explicitFlags: [["--since", since]],
  };
}

/** Milliseconds of a length such as `15m`; null for other text. */
export function lengthMs(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match?.[2] ?? ""];
  return match && unit ? Number(match[1]) * unit : null;
}

/** The window as absolute times in microseconds, measured now; null when only the colony can tell. */
export function bounds(window: Window): { since: number; until: number } | null {
  const until = window.ask.until === "now" ? Date.now() : Date.parse(window.ask.until);
  const length = lengthMs(window.ask.since);
  const since = length === null ? Date.parse(window.ask.since) : until - length;
  return Number.isNaN(since) || Number.isNaN(until) ? null : { since: since * 1_000, until: until * 1_000 };
}

/** Parameters of a URL that pin the window to absolute times. */
export function pinned(window: Window): { since: null; from: string; to: string } | null {
  const range = bounds(window);
  return range && { since: null, from: rfc3339(range.since), to: rfc3339(range.until) };
}

/** Moves the window by `windows` of its own length. */
export function shift(window: Window, windows: number): void {
  const range = bounds(window);
  if (range === null) return;
  const by = (range.until - range.since) * windows;
  const until = Math.min(range.until + by, Date.now() * 1_000);
  amend({ since: null, from: rfc3339(until - (range.until - range.since)), to: rfc3339(until) });
}

/**
 * A time that a person wrote in the zone of the page, such as `02:40` or `2026-11-25 14:02`, as RFC 3339: a
 * link to it means the same to everybody and tomorrow. Other text is left to the colony.
 */
export function written(text: string, zone: Zone, now = new Date()): string {
  const match = /^(?:(\d{4})-(\d\d)-(\d\d)[T ])?(\d\d?):(\d\d)(?::(\d\d))?$/.exec(text.trim());
  if (!match) return text.trim();
  const [year, month, day, hour = 0, minute = 0, second = 0] = match.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  const isUtc = zone === "utc";
  const at = (daysBefore: number) => {
    const date = year !== undefined && month !== undefined && day !== undefined
      ? [year, month - 1, day] as const
      : isUtc ? [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() - daysBefore] as const
        : [now.getFullYear(), now.getMonth(), now.getDate() - daysBefore] as const;
    return isUtc ? Date.UTC(...date, hour, minute, second) : new Date(...date, hour, minute, second).getTime();
  };
  // A clock that is not there yet today was there yesterday.
  const today = at(0);
  const ms = year === undefined && today > now.getTime() ? at(1) : today;
  return Number.isNaN(ms) ? text.trim() : rfc3339(ms * 1_000);
}

function readable(time: string): string {
  return time.replace("T", " ").replace(/(:\d\d)(\.\d+)?Z$/, "$1 UTC");
}
