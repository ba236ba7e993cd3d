import type { NodeKind } from "../../api.ts";

export const KIND_WORDS: Record<NodeKind, string> = { service: "service", database: "database", queue: "queue", external: "external host" };

/** The picture of a kind of node, 16 pixels wide: it is part of an SVG. */
export function KindIcon({ kind }: { kind: NodeKind }) {
  switch (kind) {
    case "service": return <path class="map-icon" d="M8 1 14 4.5v7L8 15 2 11.5v-7Z" />;
    case "database": return <path class="map-icon" d="M2 4c0-4 12-4 12 0v8c0 4-12 4-12 0Zm0 0c0 3.6 12 3.6 12 0M2 8c0 3.6 12 3.6 12 0" />;
    case "queue": return <path class="map-icon" d="M1 4h14v8H1Zm4.7 0v8m4.6-8v8" />;
    case "external": return <path class="map-icon" d="M8 1a7 7 0 1 0 0 14A7 7 0 1 0 8 1ZM1 8h14M8 1c-4.5 4-4.5 10 0 14 4.5-4 4.5-10 0-14" />;
  }
}

/** The same beside text. */
export function Kind({ kind }: { kind: NodeKind }) {
  return <svg class="map-kind" viewBox="0 0 16 16" width="14" height="14" role="img" aria-label={KIND_WORDS[kind]}><KindIcon kind={kind} /></svg>;
}
