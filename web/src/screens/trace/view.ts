import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { amend, useLater } from "../../address.ts";
import { ORPHANS, ORPHANS_KEY, type Closed } from "./lines.ts";
import { PILLS, type Pill } from "./matches.ts";
import type { Rows } from "./rows.ts";
import { readZoom, writeZoom, type Range } from "./zoom.ts";

export const VIEWS = ["waterfall", "flame", "map", "table", "json"] as const;
export type View = (typeof VIEWS)[number];

/** What the URL says about the shown trace. */
export interface TraceView {
  view: View;
  /** The search within the trace. */
  q: string;
  pills: readonly Pill[];
  services: readonly string[];
  /** Whether rows that do not match are left out. */
  only: boolean;
  closed: Closed;
  /** The row whose subtree alone is shown; null for all. */
  root: number | null;
  /** Whether the details of the selected span are shown. */
  details: boolean;
}

/** Reads the address of the page. */
export function useView(params: URLSearchParams, rows: Rows): TraceView {
  const text = params.toString();
  return useMemo(() => {
    const level = params.get("level");
    const root = params.get("root");
    const at = root === null ? -1 : rows.find(root);
    return {
      view: VIEWS.find((view) => view === params.get("view")) ?? "waterfall",
      q: params.get("q") ?? "",
      pills: PILLS.filter((pill) => words(params.get("pills")).includes(pill)),
      services: words(params.get("services")).map(decode),
      only: params.get("only") === "true",
      closed: { level: level !== null && /^\d{1,6}$/.test(level) ? Number(level) : null, toggled: words(params.get("toggled")) },
      root: at < 0 ? null : at,
      details: params.has("span") && params.get("details") !== "no",
    };
  }, [text, rows]);
}

export function setClosed(closed: Closed): void {
  amend({ level: closed.level, toggled: closed.toggled.join(",") });
}

export function setPills(pills: readonly Pill[]): void {
  amend({ pills: pills.join(",") });
}

export function setServices(services: readonly string[]): void {
  amend({ services: services.map(encode).join(",") });
}

function words(text: string | null): string[] {
  return text === null || text === "" ? [] : text.split(",");
}

/** Names are divided by commas, so those within a name are written otherwise. */
function encode(name: string): string {
  return name.replace(/[%,]/g, encodeURIComponent);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export interface Zoom extends Range {
  /** Shows another part. `replace` is for changes that follow each other closely. */
  set(range: Range, how?: "push" | "replace"): void;
}

/** The part of the time that is shown. Close changes are put into the URL when it has been quiet. */
export function useZoom(params: URLSearchParams, length: number): Zoom {
  const text = params.get("zoom");
  const [range, setRange] = useState(() => readZoom(text, length));
  const later = useLater();
  const written = useRef(text);
  useEffect(() => {
    if (text !== written.current) setRange(readZoom(text, length));
    written.current = text;
  }, [text, length]);
  const set = (range: Range, how: "push" | "replace" = "push") => {
    setRange(range);
    later.drop();
    const write = () => {
      written.current = writeZoom(range, length);
      amend({ zoom: written.current }, how);
    };
    if (how === "push") write();
    else later.set(write, QUIET_MS);
  };
  return { ...range, set };
}

/** No row is selected. */
export const NOTHING = -2;
const QUIET_MS = 150;

export interface Selection {
  /** The selected row, {@link ORPHANS}, or {@link NOTHING}. */
  row: number;
  /** Selects a row. `details` opens or closes the panel; without it the panel stays as it is. */
  select(row: number, options?: { details?: boolean }): void;
}

/**
 * The selected row. Moving along rows is shown at once, and put into the URL when it has been quiet:
 * browsers refuse many changes of the URL in a short time.
 */
export function useSelection(params: URLSearchParams, rows: Rows): Selection {
  const span = params.get("span");
  const inUrl = useMemo(() => {
    if (span === ORPHANS_KEY) return ORPHANS;
    const row = span === null ? -1 : rows.find(span);
    return row < 0 ? NOTHING : row;
  }, [span, rows]);
  const [row, set] = useState(inUrl);
  const later = useLater();
  const written = useRef<string | null>(span);
  useEffect(() => {
    if (span === written.current) return;
    written.current = span;
    set(inUrl);
  }, [span, inUrl]);
  useEffect(() => set(inUrl), [rows]);
  const select = (next: number, options: { details?: boolean } = {}) => {
    set(next);
    later.drop();
    const id = next === ORPHANS ? ORPHANS_KEY : next >= 0 ? rows.keyOf(next) : null;
    const write = (how: "push" | "replace") => {
      const isOpen = options.details ?? new URLSearchParams(location.search).get("details") !== "no";
      // The first row that is reached by keys does not open the panel: Enter does.
      const opens = options.details ?? (isOpen && written.current !== null);
      written.current = id;
      amend({ span: id, details: id === null || opens ? null : "no" }, how);
    };
    if (options.details === undefined) later.set(() => write("replace"), QUIET_MS);
    else write("push");
  };
  return { row, select };
}
