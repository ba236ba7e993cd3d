import type { Address } from "../../address.ts";
import type { Window } from "../../window.ts";
import type { Source } from "../../api.ts";
import { keyOf } from "./changes.ts";
import type { Ask } from "../../ask.ts";
import type { Sort } from "./table.tsx";
import { command } from "../../shell.ts";

/** What the screen shows, from its address. */
export interface Mapping {
  /** What the window is compared with, such as `1h`; null for nothing. */
  diff: string | null;
  focus: string | null;
  depth: number;
  /** The chosen node. */
  node: string | null;
  /** The key of the chosen call. */
  edge: string | null;
  isOnlyChanges: boolean;
  isTableOnly: boolean;
  /** The size of the picture; null to fit it into the page. */
  zoom: number | null;
  sort: Sort;
  page: number;
  ask: Ask<"topology">;
  command: string;
}

/** The largest number of nodes that can be asked for. */
export const MAX_NODES = 300;

export function mapping({ params }: Address, window: Window): Mapping {
  const diff = params.get("diff") ?? "1h";
  const compared = diff === "off" ? null : diff;
  const focus = params.get("focus") || null;
  const depth = positive(params.get("depth")) ?? 1;
  const top = positive(params.get("top"));
  const source = params.get("source");
  const [from, to, protocol] = [params.get("caller"), params.get("callee"), params.get("protocol")];
  const node = params.get("node") || null;
  const zoom = Number(params.get("zoom"));
  return {
    diff: compared, focus, depth, node,
    edge: node === null && from !== null && to !== null && protocol !== null ? keyOf({ from, to, protocol }) : null,
    isOnlyChanges: compared !== null && params.get("changes") === "true",
    isTableOnly: params.get("view") === "table",
    zoom: zoom >= 0.25 && zoom <= 4 ? zoom : null,
    sort: (["calls", "errors", "p95"] as const).find((sort) => sort === params.get("sort")) ?? "change",
    page: positive(params.get("page")) ?? 1,
    ask: {
      diff: compared ?? undefined, layout: "lr", focus, depth: focus === null ? null : depth, top: top === null ? null : Math.min(top, MAX_NODES),
      source: (source as Source | null) ?? undefined, since: window.ask.since, until: window.ask.until,
    },
    command: command("coral query topology", [], [
      ...window.explicitFlags, compared !== null && ["--diff", compared], focus !== null && ["--focus", focus],
      focus !== null && depth > 1 && ["--depth", depth], source !== null && source !== "all" && ["--source", source],
    ]),
  };
}

function positive(text: string | null): number | null {
  const number = Number(text);
  return text !== null && Number.isInteger(number) && number > 0 ? number : null;
}
