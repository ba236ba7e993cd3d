// What the screen shows, as its address says it.
import type { Address, Params } from "../../address.ts";
import { amend, href } from "../../address.ts";
import type { Sort, Source } from "../../api.ts";
import { rfc3339 } from "../../format/time.ts";
import { and, group } from "../../search.ts";
import type { Window } from "../../window.ts";
import { command as shell } from "../../shell.ts";

/** A part of the heatmap. Without a bound, it reaches to the edge. Times and durations are microseconds. */
export interface Area {
  from: number | null;
  to: number | null;
  min: number | null;
  max: number | null;
}

export interface View {
  q: string;
  sort: Sort;
  /** The key by which spans are counted; empty for none. */
  by: string;
  area: Area;
  /** Where a page of the list begins; empty for the first. */
  after: string;
  /** The id of the trace that the keys are at. */
  row: string;
  /** The ids of at most two traces to compare. */
  picked: string[];
  source: Source | undefined;
  isTable: boolean;
}

export const PAGE_ROWS = 50;

export function viewOf({ params }: Address): View {
  const source = params.get("source");
  return {
    q: params.get("q") ?? "",
    sort: params.get("sort") === "slowest" ? "slowest" : "newest",
    by: params.get("by") ?? "",
    area: {
      from: time(params.get("area_from")),
      to: time(params.get("area_to")),
      min: micros(params.get("min")),
      max: micros(params.get("max")),
    },
    after: params.get("after") ?? "",
    row: params.get("row") ?? "",
    picked: (params.get("pick") ?? "").split(",").filter((id) => id !== "").slice(0, 2),
    source: source === "ebpf" || source === "sdk" ? source : undefined,
    isTable: params.get("heatmap") === "table",
  };
}

/** Changes what is asked for: the list begins anew. */
export function narrow(params: Params): void {
  amend({ after: null, row: null, ...params });
}

/** Parameters of the address for an area. */
export function areaParams(area: Area): Params {
  return {
    area_from: area.from === null ? null : rfc3339(area.from),
    area_to: area.to === null ? null : rfc3339(area.to),
    min: area.min === null ? null : exactDuration(area.min),
    max: area.max === null ? null : exactDuration(area.max),
  };
}

export const NO_AREA: Area = { from: null, to: null, min: null, max: null };

export function isNarrowed(area: Area): boolean {
  return Object.values(area).some((bound) => bound !== null);
}

/** The time range of the list: that of the area, or of the page. */
export function rangeOf({ area }: View, window: Window): { since: string; until: string } {
  return {
    since: area.from === null ? window.ask.since : rfc3339(area.from),
    until: area.to === null ? window.ask.until : rfc3339(area.to),
  };
}

/**
 * The link that compares the traces of the area with the others of the same time; null if the area has
 * no bound of durations, so that there are no others.
 */
export function restLink(view: View, window: Window): string | null {
  const { min, max } = view.area;
  const inside = [min === null ? "" : `trace.duration>=${exactDuration(min)}`, max === null ? "" : `trace.duration<${exactDuration(max)}`].filter((text) => text !== "");
  const outside = [min === null ? "" : `trace.duration<${exactDuration(min)}`, max === null ? "" : `trace.duration>=${exactDuration(max)}`].filter((text) => text !== "");
  if (inside.length === 0) return null;
  const range = rangeOf(view, window);
  const times = view.area.from === null && view.area.to === null
    ? {}
    : { since: null, from: range.since, to: range.until === "now" ? null : range.until };
  return href("compare", {
    a: `q:${[group(view.q), ...inside].filter((text) => text !== "").join(" ")}`,
    b: `q:${and(view.q, outside.length > 1 ? `(${outside.join(" OR ")})` : (outside[0] ?? ""))}`,
    ...times,
  });
}

/** The command that lists the same. */
export function command(view: View, window: Window): string {
  const { area, q, sort, by, source } = view;
  const range = rangeOf(view, window);
  const isWindow = area.from === null && area.to === null;
  return shell("coral query beyla traces", [q], [
    ...(isWindow ? window.explicitFlags : [["--since", range.since] as const, range.until !== "now" && (["--until", range.until] as const)]),
    area.min !== null && ["--min-duration", exactDuration(area.min)],
    area.max !== null && ["--max-duration", exactDuration(area.max)],
    by !== "" && ["--by", by],
    sort === "slowest" && ["--sort", sort],
    source !== undefined && ["--source", source],
    ["--limit", PAGE_ROWS],
  ]);
}

/** A duration without rounding, as a search has it: `200ms`, `1500us`. */
export function exactDuration(us: number): string {
  const whole = Math.round(us);
  if (whole % 1_000_000 === 0) return `${whole / 1_000_000}s`;
  return whole % 1_000 === 0 ? `${whole / 1_000}ms` : `${whole}us`;
}

/** Microseconds of a duration such as `500ms`, `1.5s` or `200us`; null for other text. */
export function micros(text: string | null): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(us|µs|ms|s|m|h)\s*$/.exec(text ?? "");
  const unit = { us: 1, "µs": 1, ms: 1_000, s: 1_000_000, m: 60_000_000, h: 3_600_000_000 }[match?.[2] ?? ""];
  return match && unit ? Math.round(Number(match[1]) * unit) : null;
}

function time(text: string | null): number | null {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? null : ms * 1_000;
}
