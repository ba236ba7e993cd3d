import type { PlacedNode, ServiceState } from "../../api.ts";
import { perSecond, rate } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { visible } from "../../format/visible.ts";
import { KindIcon, KIND_WORDS } from "./icons.tsx";
import type { Look } from "./line.tsx";

interface Props {
  placed: PlacedNode;
  state: ServiceState | undefined;
  /** Calls to the node, for nodes that are not a service. */
  received: { calls: number; errors: number } | undefined;
  seconds: number;
  isGone: boolean;
  isChosen: boolean;
  isTabStop: boolean;
  look: Look;
  choose: () => void;
}

/** Widths of a character of the name and of the numbers, at most. */
const NAME_WIDTH = 8;
const NUMBERS_WIDTH = 6.4;
const BESIDE = 34;

/** A node of the picture: its kind, its name, and its numbers below. */
export function Node(props: Props) {
  const { placed, state, isGone } = props;
  const { name, kind, x, y, width, height, folded } = placed;
  const isFolded = folded > 0;
  const numbers = numbersOf(props);
  const isBad = state?.health === "failing" || state?.health === "slow";
  const badge = isGone ? "− gone" : isBad ? `✕ ${state.health}` : "";
  const says = isFolded
    ? `${folded} more nodes, with fewer calls: press Enter to show them`
    : [name, KIND_WORDS[kind], isGone ? "gone" : isBad ? state.health : "", ...numbers].filter(Boolean).join(", ");
  return (
    <g
      class={`map-node map-${props.look}${isGone ? " map-gone" : ""}${isBad ? " map-bad" : ""}${isFolded ? " map-folded" : ""}`}
      transform={`translate(${x} ${y})`} role="button" tabindex={props.isTabStop ? 0 : -1} aria-pressed={isFolded ? undefined : props.isChosen}
      data-node={name} onClick={props.choose}
    >
      <title>{says}</title>
      <g aria-hidden="true">
        <rect width={width} height={height} rx={kind === "service" ? 8 : 3} />
        {!isFolded && <g transform="translate(10 9)"><KindIcon kind={kind} /></g>}
        <text class="map-name" x={isFolded ? width / 2 : BESIDE} y={isFolded ? height / 2 + 5 : 21} text-anchor={isFolded ? "middle" : undefined}>
          {isFolded ? `and ${folded} more` : cut(visible(name), (width - BESIDE - 6) / NAME_WIDTH)}
        </text>
        {!isFolded && <text class="map-numbers" x={10} y={39}>{fitting(numbers, (width - 16) / NUMBERS_WIDTH)}</text>}
        {badge !== "" && <text class="map-badge" x={4} y={-5}>{badge}</text>}
      </g>
    </g>
  );
}

/** Rate, errors and P95 of what the node serves, most important first. */
function numbersOf({ state, received, seconds, isGone }: Props): string[] {
  if (isGone) return [];
  if (state !== undefined && state.now.requests > 0) {
    const { requests_per_second, error_rate, p95_us, beyond_us } = state.now;
    const p95 = p95_us !== null ? duration(p95_us) : beyond_us !== null ? `>${duration(beyond_us)}` : "";
    return [`${perSecond(requests_per_second)}/s`, error_rate > 0 ? `✕ ${rate(error_rate)}` : "", p95 && `P95 ${p95}`].filter(Boolean);
  }
  if (received === undefined || received.calls === 0) return [];
  return [`${perSecond(received.calls / seconds)}/s`, received.errors > 0 ? `✕ ${rate(received.errors / received.calls)}` : ""].filter(Boolean);
}

/** As many of `parts` as fit into `length` characters. */
function fitting(parts: readonly string[], length: number): string {
  let text = "";
  for (const part of parts) {
    const longer = text === "" ? part : `${text}  ${part}`;
    if (longer.length > length) break;
    text = longer;
  }
  return text;
}

/** A name that is too long keeps its beginning and its end, which differ most. */
export function cut(name: string, length: number): string {
  const most = Math.max(5, Math.floor(length));
  if (name.length <= most) return name;
  const end = Math.floor((most - 1) / 3);
  return `${name.slice(0, most - 1 - end)}…${name.slice(name.length - end)}`;
}
