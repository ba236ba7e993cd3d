import type { Address, Params } from "../../address.ts";
import type { Ask } from "../../ask.ts";
import type { Window } from "../../window.ts";
import { command } from "../../shell.ts";

/** What the screen asks, from its address. */
export interface Asking {
  service: string | null;
  route: string | null;
  trace: string | null;
  /** A length such as `3h`; null for the hour before the change. */
  baseline: string | null;
  ask: Ask<"why">;
  /** The same for a shell. */
  command: string;
}

export const BASELINES: readonly { length: string; label: string }[] = [
  { length: "15m", label: "15 minutes before" },
  { length: "1h", label: "1 hour before" },
  { length: "3h", label: "3 hours before" },
  { length: "12h", label: "12 hours before" },
  { length: "1d", label: "1 day before" },
  { length: "7d", label: "7 days before" },
];
export const DEFAULT_BASELINE = "1h";

/** `the hour`, `3 hours`, in the place before "before". */
export function baselineWords(length: string): string {
  if (length === "1h") return "the hour";
  return BASELINES.find((baseline) => baseline.length === length)?.label.replace(" before", "") ?? length;
}

export function asking({ params }: Address, window: Window): Asking {
  const service = params.get("service") || null;
  const route = params.get("route") || null;
  const trace = params.get("trace") || null;
  const baseline = params.get("baseline") || null;
  const find = window.isDefault && baseline === null && trace === null;
  return {
    service, route, trace, baseline,
    ask: {
      service, route, trace_id: trace, baseline: baseline ?? DEFAULT_BASELINE, find_beginning: find,
      since: window.ask.since, until: window.ask.until,
    },
    command: command("coral why", [service], [
      route !== null && ["--route", route],
      ...(trace === null ? window.flags : [["--trace-id", trace] as const]),
      baseline !== null && ["--baseline", baseline],
    ]),
  };
}

/** A longer time than `length` to look at, from a list that grows; null after the last. */
export function longer(length: string, lengths: readonly string[]): string | null {
  const at = lengths.indexOf(length);
  return lengths[at + 1] ?? null;
}

/** Parameters of a link to the same question, changed. */
export function same({ service, route, trace, baseline }: Asking, changed: Params): Params {
  return { service, route, trace, baseline, ...changed };
}
