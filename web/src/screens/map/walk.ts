import type { PlacedNode, TopologyLayout } from "../../api.ts";

export type Direction = "ArrowRight" | "ArrowLeft" | "ArrowUp" | "ArrowDown";

/** The node that an arrow key leads to: right along a call, left to a caller, up and down beside it. */
export function walk(layout: TopologyLayout, from: string, direction: Direction): string | null {
  const here = layout.nodes.find((node) => node.name === from);
  if (!here) return null;
  const named = (names: string[]) => layout.nodes.filter((node) => node.name !== from && names.includes(node.name));
  let choices: PlacedNode[];
  if (direction === "ArrowRight") {
    choices = named(layout.edges.filter((edge) => edge.from === from).map((edge) => edge.to));
  } else if (direction === "ArrowLeft") {
    choices = named(layout.edges.filter((edge) => edge.to === from).map((edge) => edge.from));
  } else {
    const isAbove = direction === "ArrowUp";
    choices = layout.nodes.filter((node) => (isAbove ? node.y < here.y : node.y > here.y));
  }
  const isAlong = direction === "ArrowRight" || direction === "ArrowLeft";
  // Beside: nodes of the same column are nearer than all others.
  const far = (node: PlacedNode) => Math.abs(middle(node) - middle(here)) + (isAlong ? 0 : 100 * Math.abs(centre(node) - centre(here)));
  return choices.sort((a, b) => far(a) - far(b))[0]?.name ?? null;
}

function middle(node: PlacedNode): number {
  return node.y + node.height / 2;
}

function centre(node: PlacedNode): number {
  return node.x + node.width / 2;
}
