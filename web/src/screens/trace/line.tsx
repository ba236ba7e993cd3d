import { Component } from "preact";
import { duration } from "../../format/duration.ts";
import { counted } from "../../format/count.ts";
import { shortened } from "./attributes.tsx";
import { serviceColor } from "../../parts/service.tsx";
import { ORPHANS } from "./lines.ts";
import { CRITICAL, CYCLE, ERROR, MOVED, ORPHAN, OUTLIVES, REDACTED, REPEATED, type Rows } from "./rows.ts";
import type { Usual, UsualTimes } from "./usual.ts";
import { part, type Range } from "./zoom.ts";

interface Props {
  rows: Rows;
  row: number;
  line: number;
  top: number;
  height: number;
  zoom: Range;
  isClosed: boolean;
  isSelected: boolean;
  isTabStop: boolean;
  /** Whether the row matches the filter; null if there is none. */
  isMatch: boolean | null;
  usual: Usual | null;
}

const CLIENT = 2;
const PRODUCER = 3;
const INDENT_REM = 0.8;
const MAX_INDENTED = 16;

/** One row of the waterfall. It is drawn again only when something of it changed. */
export class Line extends Component<Props> {
  override shouldComponentUpdate(next: Readonly<Props>): boolean {
    for (const name of Object.keys(next) as (keyof Props)[]) if (next[name] !== this.props[name]) return true;
    return false;
  }

  override render() {
    return <Drawn {...this.props} />;
  }
}

function Drawn(props: Props) {
  const { rows, row, isClosed } = props;
  if (row === ORPHANS) return <Orphans {...props} />;
  const flags = rows.flags[row]!;
  const service = rows.serviceOf(row);
  const name = rows.nameOf(row);
  const depth = rows.depth[row]! + (row >= rows.firstOrphan ? 1 : 0);
  const isParent = rows.hasChildren(row);
  const hasError = (flags & ERROR) !== 0;
  const isHidden = (flags & REDACTED) !== 0;
  const calls = rows.kind[row] === CLIENT || rows.kind[row] === PRODUCER;
  const parent = rows.parent[row]!;
  const isSame = parent >= 0 && rows.service[parent] === rows.service[row];
  const usual = props.usual?.of(rows, row) ?? null;
  const tone = `service-${isHidden ? 8 : serviceColor(service)}`;
  const classes = ["line", props.isSelected && "is-selected", props.isMatch === false && "is-dim", props.isMatch === true && "is-match", hasError && "is-error", isSame && "is-same"];
  return (
    <div
      class={classes.filter(Boolean).join(" ")} role="row" data-row={row} tabIndex={props.isTabStop ? 0 : -1}
      aria-level={depth + 1} aria-posinset={rows.position[row]} aria-setsize={rows.setSize(row)} aria-rowindex={props.line + 1}
      aria-expanded={isParent ? !isClosed : undefined} aria-selected={props.isSelected} aria-label={nameOf(rows, row, usual)}
      style={{ top: `${props.top}px`, height: `${props.height}px` }}
    >
      <div class="line-name" role="gridcell" aria-colindex={1}>
        <span class="line-indent" style={{ width: `${Math.min(depth, MAX_INDENTED) * INDENT_REM}rem` }} />
        <span class={`line-toggle ${isParent ? "is-parent" : ""}`} aria-hidden="true">{isParent ? (isClosed ? "▸" : "▾") : ""}</span>
        <span class={`dot ${tone}`} aria-hidden="true" />
        {depth > MAX_INDENTED && <span class="line-depth">{depth}</span>}
        {hasError && <span class="line-error">✕ error</span>}
        <span class="line-words" title={isHidden ? undefined : shortened(`${service}: ${name}`, 300)}>
          {isHidden ? <span class="soft">hidden service</span> : <><strong>{service}</strong>{calls && <span class="soft" aria-hidden="true"> →</span>} {shortened(name)}</>}
          {isClosed && isParent && <span class="soft"> +{counted(rows.end[row]! - row - 1, "span")}</span>}
        </span>
        {(flags & (REPEATED | CYCLE | MOVED)) !== 0 && <span class="line-remark">{remark(flags)}</span>}
      </div>
      <div class={`line-took ${usual?.isSlower ? "is-slower" : ""}`} role="gridcell" aria-colindex={2}>{duration(rows.duration[row]!)}</div>
      <div class="line-usual" role="gridcell" aria-colindex={3}>
        {usual && <>{usual.isSlower && <span class="line-factor">{factor(usual.factor)}</span>} <span class="line-usual-time">{duration(usual.p50)}</span></>}
      </div>
      <div class="line-time" role="gridcell" aria-colindex={4}><Bar rows={rows} row={row} zoom={props.zoom} tone={tone} /></div>
    </div>
  );
}

function Orphans(props: Props) {
  const { rows } = props;
  const spans = rows.count - rows.firstOrphan;
  return (
    <div
      class={`line line-orphans ${props.isSelected ? "is-selected" : ""}`} role="row" data-row={ORPHANS} tabIndex={props.isTabStop ? 0 : -1}
      aria-level={1} aria-posinset={1} aria-setsize={1} aria-rowindex={props.line + 1} aria-expanded={!props.isClosed} aria-selected={props.isSelected}
      style={{ top: `${props.top}px`, height: `${props.height}px` }}
    >
      <div class="line-name" role="gridcell" aria-colindex={1}>
        <span class="line-toggle is-parent" aria-hidden="true">{props.isClosed ? "▸" : "▾"}</span>
        <span class="line-words"><span aria-hidden="true">⚠ </span>{counted(spans, "span")} below parents that were not received</span>
      </div>
    </div>
  );
}

function Bar(props: { rows: Rows; row: number; zoom: Range; tone: string }) {
  const { rows, row, zoom, tone } = props;
  const start = part(rows.start[row]!, zoom);
  const end = part(rows.start[row]! + rows.duration[row]!, zoom);
  if (end < 0) return <span class="bar-beyond" aria-hidden="true">◂</span>;
  if (start > 1) return <span class="bar-beyond bar-after" aria-hidden="true">▸</span>;
  const [left, right] = [Math.max(0, start), Math.min(1, end)];
  const flags = rows.flags[row]!;
  return (
    <>
      <span
        class={`bar ${tone} ${(flags & REDACTED) !== 0 ? "bar-hidden" : ""} ${(flags & ERROR) !== 0 ? "bar-error" : ""}`}
        style={{ left: `${left * 100}%`, width: `${(right - left) * 100}%` }}
      />
      {segments(rows, row, zoom).map(([from, to]) => (
        <span key={from} class="bar-critical" style={{ left: `${from * 100}%`, width: `${(to - from) * 100}%` }} />
      ))}
    </>
  );
}

const CLOSE = 0.002;

/** The parts of the critical path on a row. Those that would touch on the screen are one. */
function segments(rows: Rows, row: number, zoom: Range): [number, number][] {
  const found: [number, number][] = [];
  for (let at = rows.segmentsAt[row]!; at < rows.segmentsAt[row + 1]!; at += 1) {
    const from = Math.max(0, part(rows.segmentStart[at]!, zoom));
    const to = Math.min(1, part(rows.segmentEnd[at]!, zoom));
    if (to <= 0 || from >= 1) continue;
    const last = found.at(-1);
    if (last && from - last[1] < CLOSE) last[1] = to;
    else found.push([from, to]);
  }
  return found;
}

/** How many times as long as usual: `21×`. */
export function factor(times: number): string {
  return times >= 10 ? `${Math.round(times)}×` : `${times.toFixed(1)}×`;
}

function remark(flags: number): string {
  if ((flags & CYCLE) !== 0) return "its parents form a circle";
  if ((flags & REPEATED) !== 0) return "same id again";
  return "clock moved";
}

/** What a screen reader says of a row. */
export function nameOf(rows: Rows, row: number, usual: UsualTimes | null): string {
  const flags = rows.flags[row]!;
  const is = (flag: number) => (flags & flag) !== 0;
  const words = is(REDACTED) ? ["hidden service"] : [rows.serviceOf(row), shortened(rows.nameOf(row)) || "no name"];
  words.push(duration(rows.duration[row]!));
  if (usual) words.push(`usual ${duration(usual.p50)}${usual.isSlower ? ", slower than usual" : ""}`);
  if (is(ERROR)) words.push("error");
  if (is(CRITICAL)) words.push("on the critical path");
  if (is(ORPHAN)) words.push("parent not received");
  if (is(OUTLIVES)) words.push("ends after its parent");
  if (is(MOVED)) words.push("clock moved");
  if (is(REPEATED)) words.push("repeats the id of an earlier span");
  if (is(CYCLE)) words.push("its parents form a circle");
  return words.join(", ");
}
