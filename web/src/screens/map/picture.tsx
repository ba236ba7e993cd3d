// The map as a picture. The colony places nodes and lines; arrow keys follow the calls.
import { useRef } from "preact/hooks";
import type { ServiceState, Topology, TopologyLayout } from "../../api.ts";
import { calls, isRemoved, keyOf, type Call } from "./changes.ts";
import { Label, Line, type Look } from "./line.tsx";
import { Node } from "./node.tsx";
import { walk, type Direction } from "./walk.ts";

interface Props {
  map: Topology;
  layout: TopologyLayout;
  services: ReadonlyMap<string, ServiceState>;
  /** The chosen node. */
  node: string | null;
  /** The key of the chosen call. */
  edge: string | null;
  isOnlyChanges: boolean;
  zoom: number | null;
  chooseNode: (name: string, how: "push" | "replace") => void;
  chooseEdge: (call: Call) => void;
  unfold: () => void;
}

/** Space around the picture: words stand above nodes. */
const EDGE = 24;
/** With more lines than this, only changes have words. */
const MAX_NUMBERS = 12;
/** Below this part of its size, words cannot be read: then the box scrolls. */
const SMALLEST = 0.7;

export function Picture(props: Props) {
  const { map, layout, node, edge, isOnlyChanges, zoom } = props;
  const svg = useRef<SVGSVGElement>(null);
  const all = calls(map);
  const byKey = new Map(all.map((call) => [call.key, call]));
  const gone = new Set((map.diff?.removed_nodes ?? []).map((removed) => removed.name));
  const most = Math.max(1, ...map.edges.map((edge) => edge.calls));
  const seconds = Math.max(1, (map.until_unix_us - map.since_unix_us) / 1_000_000);
  const received = new Map<string, { calls: number; errors: number }>();
  for (const { to, calls, errors } of map.edges) {
    const sum = received.get(to) ?? { calls: 0, errors: 0 };
    received.set(to, { calls: sum.calls + calls, errors: sum.errors + errors });
  }
  const near = nearTo(all, node, edge, isOnlyChanges);
  const look = (isNear: boolean): Look => (near === null ? "plain" : isNear ? "near" : "far");
  const lines = layout.edges.map((placed) => {
    const call = byKey.get(keyOf(placed)) ?? null;
    return { placed, call, isNear: call !== null && near !== null && near.edges.has(call.key) };
  });
  const nodes = [...layout.nodes].sort((a, b) => a.x - b.x || a.y - b.y);
  const stop = nodes.some(({ name }) => name === node) ? node : nodes[0]?.name;
  const keydown = (event: KeyboardEvent) => {
    const from = (event.target as Element).closest<SVGElement>("[data-node]")?.dataset["node"];
    if (from === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (layout.nodes.some(({ name, folded }) => name === from && folded > 0)) props.unfold();
      else props.chooseNode(from, "push");
    } else if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      const to = walk(layout, from, event.key as Direction);
      if (to === null) return;
      props.chooseNode(to, "replace");
      svg.current?.querySelector<SVGElement>(`[data-node="${CSS.escape(to)}"]`)?.focus();
    }
  };
  const [width, height] = [layout.width + 2 * EDGE, layout.height + 2 * EDGE];
  const size = zoom === null
    ? { width: "100%", maxWidth: `${width}px`, minWidth: `${Math.round(width * SMALLEST)}px` }
    : { width: `${Math.round(width * zoom)}px` };
  return (
    <svg
      ref={svg} class="map-svg" viewBox={`${-EDGE} ${-EDGE} ${width} ${height}`} style={size} role="group" onKeyDown={keydown}
      aria-label={`Service map: ${layout.nodes.length} nodes. Arrow keys follow the calls. The table below has the same.`}
    >
      <g aria-hidden="true">
        {lines.map(({ placed, call, isNear }) => (
          <Line key={`${keyOf(placed)} ${placed.removed}`} placed={placed} call={call} most={most} look={look(isNear)} choose={() => { if (call) props.chooseEdge(call); }} />
        ))}
      </g>
      {nodes.map((placed) => (
        <Node
          key={placed.name} placed={placed} state={props.services.get(placed.name)} received={received.get(placed.name)} seconds={seconds}
          isGone={gone.has(placed.name)} isChosen={placed.name === node} isTabStop={placed.name === stop}
          look={look(near !== null && near.nodes.has(placed.name))}
          choose={() => { if (placed.folded > 0) props.unfold(); else props.chooseNode(placed.name, "push"); }}
        />
      ))}
      <g aria-hidden="true" class="map-labels">
        {lines.map(({ placed, call, isNear }) => call && (
          <Label key={`${keyOf(placed)} ${placed.removed}`} placed={placed} call={call} seconds={seconds} look={look(isNear)} hasNumbers={lines.length <= MAX_NUMBERS || isNear} />
        ))}
      </g>
    </svg>
  );
}

/** What stands out: a chosen node with its calls, a chosen call, or what changed. Null: nothing does. */
function nearTo(all: readonly Call[], node: string | null, edge: string | null, isOnlyChanges: boolean): { nodes: Set<string>; edges: Set<string> } | null {
  const isNear = node !== null
    ? (call: Call) => call.edge.from === node || call.edge.to === node
    : edge !== null ? (call: Call) => call.key === edge
      : isOnlyChanges ? (call: Call) => call.changes.length > 0 || isRemoved(call) : null;
  if (isNear === null) return null;
  const edges = all.filter(isNear);
  const nodes = new Set(edges.flatMap(({ edge }) => [edge.from, edge.to]));
  if (node !== null) nodes.add(node);
  return { nodes, edges: new Set(edges.map((call) => call.key)) };
}
