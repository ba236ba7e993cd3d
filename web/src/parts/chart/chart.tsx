// Values over time, with axes. A table beside the chart has the same numbers: see `table.tsx`.
import type { ComponentChildren } from "preact";
import { go } from "../../address.ts";
import { useTimes } from "../../format/time.ts";
import { apart, axis, timeTicks } from "./scale.ts";
import { useWidth } from "./width.ts";

export interface Line {
  name: string;
  values: readonly (number | null)[];
  /** How the line is drawn: by dash as well as by colour. */
  look: "first" | "second" | "third" | "bad";
}

/** A request with its trace. */
export interface Dot {
  at: number;
  value: number;
  isBad: boolean;
  says: string;
  href: string;
}

export interface Span {
  since: number;
  until: number;
  text: string;
}

interface Props {
  title: string;
  kind: "lines" | "bars";
  lines: readonly Line[];
  /** The start of the first value and the time between two, in microseconds. */
  since: number;
  step: number;
  format: (value: number) => string;
  /** The axis reaches at least this value. */
  least?: number;
  height?: number;
  dots?: readonly Dot[];
  /** When a change began. */
  began?: number | null;
  /** Times without data. */
  gaps?: readonly Span[];
  /** The chosen place, which all charts of a screen share. */
  cursor: number | null;
  setCursor: (at: number | null) => void;
  /** Narrows the window of the page to the values from one place to another. */
  choose?: (first: number, last: number) => void;
  children?: ComponentChildren;
}

const LEFT = 52;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 22;
const DOT_DISTANCE = 24;
const MAX_DOTS = 40;

export function Chart(props: Props) {
  const times = useTimes();
  const [ref, width] = useWidth<HTMLDivElement>(600);
  const { lines, since, step, cursor } = props;
  const height = props.height ?? 170;
  const size = Math.max(1, ...lines.map(({ values }) => values.length));
  const until = since + size * step;
  const { top, ticks } = axis(Math.max(props.least ?? 0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0))), height < 150 ? 2 : 4);
  const inner = width - LEFT - RIGHT;
  const x = (time: number) => LEFT + (Math.min(Math.max(time, since), until) - since) / (until - since) * inner;
  const middle = (at: number) => x(since + (at + 0.5) * step);
  const y = (value: number) => TOP + (1 - Math.min(value, top) / top) * (height - TOP - BOTTOM);
  const bottom = y(0);
  const dots = apart(
    [...(props.dots ?? [])]
      .filter(({ at, value }) => at >= since && at < until && value <= top * 1.02)
      .sort((one, other) => Number(other.isBad) - Number(one.isBad) || other.value - one.value)
      .map((dot) => ({ ...dot, x: x(dot.at), y: y(dot.value) })),
    DOT_DISTANCE,
  ).slice(0, MAX_DOTS);
  const placeOf = (event: MouseEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const at = Math.floor((event.clientX - box.left - LEFT) / inner * size);
    return Math.min(size - 1, Math.max(0, at));
  };
  const keydown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || cursor === null) return;
    const found = (props.dots ?? []).filter(({ at }) => Math.floor((at - since) / step) === cursor);
    const first = found.find(({ isBad }) => isBad) ?? found[0];
    if (first !== undefined) go(first.href);
  };
  const shown = cursor === null || cursor >= size ? null : cursor;
  const readout = shown === null
    ? null
    : `${times.short(since + shown * step)}: ${lines.map(({ name, values }) => `${name} ${values[shown] == null ? "–" : props.format(values[shown])}`).join(", ")}`;
  return (
    <figure class="chart">
      <figcaption>
        <h3>{props.title}</h3>
        {shown === null
          ? <span class="chart-legend">{lines.length > 1 && lines.map((line) => <Key key={line.name} of={line} />)}{props.children}</span>
          : <span class="chart-readout">{readout}</span>}
      </figcaption>
      <div ref={ref} class="chart-box" onPointerMove={(event) => props.setCursor(placeOf(event))} onPointerLeave={() => props.setCursor(null)}>
        <input
          type="range" class="unseen" min={0} max={size - 1} value={shown ?? size - 1} aria-label={`${props.title} over time`}
          aria-valuetext={readout ?? "arrows go through the times"} onInput={(event) => props.setCursor(Number(event.currentTarget.value))}
          onFocus={() => props.setCursor(cursor ?? size - 1)} onBlur={() => props.setCursor(null)} onKeyDown={keydown}
        />
        <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
          {(props.gaps ?? []).filter((gap) => gap.until > since && gap.since < until).map((gap) => (
            <rect key={gap.since} class="chart-gap" x={x(gap.since)} y={TOP} width={Math.max(2, x(gap.until) - x(gap.since))} height={bottom - TOP}><title>{gap.text}</title></rect>
          ))}
          {ticks.map((tick) => (
            <g key={tick}>
              <line class="chart-line" x1={LEFT} x2={width - RIGHT} y1={y(tick)} y2={y(tick)} />
              <text class="chart-text" x={LEFT - 6} y={y(tick) + 4} text-anchor="end">{props.format(tick)}</text>
            </g>
          ))}
          {timeTicks(since, until, Math.max(2, Math.floor(inner / 90))).map((tick) => (
            <text key={tick} class="chart-text" x={x(tick)} y={height - 6} text-anchor={x(tick) > width - 24 ? "end" : "middle"}>{times.short(tick)}</text>
          ))}
          {props.began != null && props.began > since && props.began < until && (
            <g><line class="chart-began" x1={x(props.began)} x2={x(props.began)} y1={TOP} y2={bottom} />
              <text class="chart-text chart-began-text" x={x(props.began) + (x(props.began) > width - 130 ? -4 : 4)} y={TOP + 10} text-anchor={x(props.began) > width - 130 ? "end" : "start"}>change began</text></g>
          )}
          {shown !== null && <line class="chart-cursor" x1={middle(shown)} x2={middle(shown)} y1={TOP} y2={bottom} />}
          {props.kind === "bars"
            ? lines.map((line) => <Bars key={line.name} of={line} x={(at) => x(since + at * step)} y={y} width={inner / size} />)
            : lines.map((line) => <path key={line.name} class={`chart-path look-${line.look}`} d={path(line.values, middle, y)} />)}
        </svg>
        {dots.map((dot) => (
          <a key={dot.href} class={`chart-dot${dot.isBad ? " chart-dot-bad" : ""}`} href={dot.href} aria-label={dot.says} title={dot.says} tabIndex={-1} style={{ left: `${dot.x}px`, top: `${dot.y}px` }}>{dot.isBad && "✕"}</a>
        ))}
      </div>
    </figure>
  );
}

function Bars(props: { of: Line; x: (at: number) => number; y: (value: number) => number; width: number }) {
  const gap = props.width > 4 ? 1 : 0;
  let path = "";
  props.of.values.forEach((value, at) => {
    if (value === null || value <= 0) return;
    const [left, right, top] = [props.x(at), props.x(at) + props.width - gap, Math.min(props.y(value), props.y(0) - 1)];
    path += `M${left.toFixed(1)} ${props.y(0)}V${top.toFixed(1)}H${right.toFixed(1)}V${props.y(0)}Z`;
  });
  return <path class={`chart-bars look-${props.of.look}`} d={path} />;
}

/** A path through values; gaps (null) are left open, and a value between two gaps is a short dash. */
function path(values: readonly (number | null)[], x: (at: number) => number, y: (value: number) => number): string {
  let text = "";
  let isOpen = false;
  values.forEach((value, at) => {
    if (value === null) { isOpen = false; return; }
    const isAlone = !isOpen && values[at + 1] == null;
    text += isAlone ? `M${x(at) - 2} ${y(value).toFixed(1)}h4` : `${isOpen ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    isOpen = true;
  });
  return text;
}

function Key({ of }: { of: Line }) {
  return <span class="chart-key"><svg width="22" height="8" aria-hidden="true"><line class={`chart-path look-${of.look}`} x1="0" y1="4" x2="22" y2="4" /></svg>{of.name}</span>;
}
