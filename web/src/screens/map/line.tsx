import { perSecond } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { CHANGE_WORDS, failed, type Call } from "./changes.ts";
import type { PlacedEdge } from "../../api.ts";

export type Look = "plain" | "near" | "far";

interface Props {
  placed: PlacedEdge;
  /** The call; null for one that stands for several. */
  call: Call | null;
  /** The calls of the busiest edge. */
  most: number;
  look: Look;
  choose: () => void;
}

/** From this part of failed calls on, an edge is dashed. */
const FAILING = 0.01;
const THICKEST = 5;
const LINE_HEIGHT = 13;

/** A call in the picture: width for calls, dashes for errors, dots for what is gone. */
export function Line(props: Props) {
  const { placed, call, look } = props;
  const { points, removed } = placed;
  const edge = call?.edge;
  const thick = edge === undefined || removed ? 1.5 : 1.2 + (THICKEST - 1.2) * Math.sqrt(edge.calls / Math.max(1, props.most));
  const fails = call !== null && !removed && isFailing(call);
  const name = `${placed.from} → ${placed.to} ${placed.protocol}`;
  return (
    <g class={`map-line map-${look}${style(call)}${fails ? " map-line-fails" : ""}`} onClick={props.choose}>
      <title>{edge ? `${name}: ${edge.calls} calls, ${edge.errors} failed, P95 ${duration(edge.p95_us)}` : name}</title>
      <path class="map-hit" d={path(points)} />
      <path class="map-stroke" d={path(points)} stroke-width={thick} />
      <path class="map-arrow" d={arrow(points, thick)} />
    </g>
  );
}

/** What is written at a call: the change in words, or its rate and P95, and the share that failed. */
export function Label(props: { placed: PlacedEdge; call: Call; seconds: number; look: Look; hasNumbers: boolean }) {
  const { call, hasNumbers, seconds } = props;
  const { edge } = call;
  const change = call.changes[0];
  if (props.look === "far" || (change === undefined && !hasNumbers)) return null;
  const words = change && CHANGE_WORDS[change.change];
  const lines = change && words
    ? [`${words.mark} ${words.word}`, change.short.replaceAll(" → ", "→")]
    : [`${perSecond(edge.calls / seconds)}/s`, duration(edge.p95_us)];
  if (isFailing(call) && change?.change !== "failing" && change?.change !== "removed") lines.push(`✕ ${failed(edge.errors, edge.calls)}`);
  const [x = 0, y = 0] = between(props.placed.points);
  return (
    <text class={`map-label${style(call)}${change ? " map-label-change" : ""}`} x={x} y={y - 5}>
      {lines.map((line, at) => <tspan key={at} x={x} dy={at === 0 ? 0 : LINE_HEIGHT} class={line.startsWith("✕") ? "map-label-errors" : undefined}>{line}</tspan>)}
    </text>
  );
}

function isFailing({ edge }: Call): boolean {
  return edge.calls > 0 && edge.errors / edge.calls >= FAILING;
}

function style(call: Call | null): string {
  const change = call?.changes[0]?.change;
  return change === undefined ? "" : ` map-line-${change}`;
}

/** x and y. */
type Point = readonly number[];

/** The line: level at its corners where it leads to the right, straight elsewhere. */
export function path(points: readonly Point[]): string {
  let text = "";
  points.forEach(([x = 0, y = 0], at) => {
    const [lastX = x, lastY = y] = points[at - 1] ?? [];
    if (at === 0) text += `M${x} ${y}`;
    else if (x > lastX && y !== lastY) text += `C${(x + lastX) / 2} ${lastY} ${(x + lastX) / 2} ${y} ${x} ${y}`;
    else text += `L${x} ${y}`;
  });
  return text;
}

/** A triangle at the end of the line. */
function arrow(points: readonly Point[], thick: number): string {
  const [x = 0, y = 0] = points.at(-1) ?? [];
  const [fromX = x - 1, fromY = y] = points.at(-2) ?? [];
  const isLevel = x > fromX;
  const length = Math.hypot(x - fromX, y - fromY) || 1;
  const alongX = isLevel ? 1 : (x - fromX) / length;
  const alongY = isLevel ? 0 : (y - fromY) / length;
  const [long, wide] = [7 + thick, 3 + thick];
  const [backX, backY] = [x - alongX * long, y - alongY * long];
  return `M${x} ${y}L${backX - alongY * wide} ${backY + alongX * wide}L${backX + alongY * wide} ${backY - alongX * wide}Z`;
}

/** The least length of a level part of a line on which words are put. */
const ROOM = 88;

/** Where words stand: on a level part of the line that has room, else in the middle of its last part. */
function between(points: readonly Point[]): Point {
  const middles = points.slice(1).map(([x = 0, y = 0], at) => {
    const [fromX = x, fromY = y] = points[at] ?? [];
    return { room: y === fromY ? x - fromX : 0, at: [(x + fromX) / 2, (y + fromY) / 2] };
  });
  const level = middles.find(({ room }) => room >= ROOM);
  return (level ?? middles.at(-1))?.at ?? [0, 0];
}
