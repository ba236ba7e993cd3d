// Types of questions that are not in api.ts yet.
import type { NodeKind, Topology } from "../../api.ts";
import type { Ask } from "../../ask.ts";

export interface PlacedNode {
  name: string;
  kind: NodeKind;
  x: number;
  y: number;
  width: number;
  height: number;
  /** How many nodes this node stands for; 0 for a node of the map. */
  folded: number;
}

export interface PlacedEdge {
  from: string;
  to: string;
  protocol: string;
  points: [number, number][];
  removed: boolean;
}

export interface TopologyLayout {
  width: number;
  height: number;
  nodes: PlacedNode[];
  edges: PlacedEdge[];
}

export type PlacedTopology = Topology & { layout?: TopologyLayout | null };
export type AskTopology = Ask<"topology"> & { layout?: "lr"; focus?: string | null; depth?: number | null; top?: number | null };
