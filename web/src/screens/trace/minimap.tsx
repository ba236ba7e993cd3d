import { useEffect, useRef, useState } from "preact/hooks";
import { duration } from "../../format/duration.ts";
import { brush, useSize } from "./canvas.ts";
import { usePalette, type Palette } from "./palette.ts";
import { ERROR, type Rows } from "./rows.ts";
import type { Zoom } from "./view.ts";
import { clamp, part } from "./zoom.ts";

const MIN_DRAG_PX = 4;
/** Errors are seen among a hundred thousand spans. */
const MIN_ERROR_PX = 4;
/** Keys move an edge by this part of the trace. */
const STEP = 0.02;

/** All spans of the trace in small. Dragging zooms; its two edges are sliders for the keyboard. */
export function MiniMap(props: { rows: Rows; length: number; zoom: Zoom }) {
  const { rows, length, zoom } = props;
  const { ref, size } = useSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const palette = usePalette();
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  useEffect(() => {
    const context = brush(canvas.current, size);
    if (context && palette) draw(context, size.width, size.height, rows, length, palette);
  }, [size, rows, length, palette]);
  const at = (event: PointerEvent) => {
    const box = ref.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0 || (event.target as Element).closest("[role=slider]")) return;
    ref.current?.setPointerCapture(event.pointerId);
    setDrag({ from: at(event), to: at(event) });
  };
  const move = (event: PointerEvent) => { if (drag) setDrag({ ...drag, to: at(event) }); };
  const up = () => {
    if (!drag) return;
    const [from, to] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
    if ((to - from) * size.width >= MIN_DRAG_PX) zoom.set(clamp({ start: from * length, end: to * length }, length));
    setDrag(null);
  };
  const whole = () => {
    zoom.set({ start: 0, end: length });
    // The button goes away.
    ref.current?.querySelector<HTMLElement>("[role=slider]")?.focus();
  };
  const isWhole = zoom.start <= 0 && zoom.end >= length;
  const chosen = drag
    ? { left: Math.min(drag.from, drag.to), right: Math.max(drag.from, drag.to) }
    : { left: part(zoom.start, { start: 0, end: length }), right: part(zoom.end, { start: 0, end: length }) };
  return (
    <div class="minimap">
      <div ref={ref} class="minimap-area" onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={() => setDrag(null)}>
        <canvas ref={canvas} aria-hidden="true" />
        <div class="minimap-shade" style={{ left: 0, width: `${chosen.left * 100}%` }} />
        <div class="minimap-shade" style={{ left: `${chosen.right * 100}%`, right: 0 }} />
        <Edge which="start" zoom={zoom} length={length} />
        <Edge which="end" zoom={zoom} length={length} />
      </div>
      <p class="minimap-words">
        {isWhole
          ? <>All of {duration(length)}. <span class="minimap-hint">Drag to zoom, or press <kbd>z</kbd> on a span.</span></>
          : <>+{duration(zoom.start)} to +{duration(zoom.end)}, {duration(zoom.end - zoom.start)} of {duration(length)}</>}
        <span class="legend"><span class="legend-critical" aria-hidden="true" /> critical path: what the request waited for</span>
        {!isWhole && <button type="button" class="quiet" onClick={whole}>Whole trace</button>}
      </p>
    </div>
  );
}

function Edge(props: { which: "start" | "end"; zoom: Zoom; length: number }) {
  const { which, zoom, length } = props;
  const value = zoom[which];
  const to = (us: number) => {
    const range = which === "start" ? { start: Math.min(us, zoom.end - 1), end: zoom.end } : { start: zoom.start, end: Math.max(us, zoom.start + 1) };
    zoom.set(clamp(range, length), "replace");
  };
  const keydown = (event: KeyboardEvent) => {
    const step = Math.max(1, length * STEP);
    const next: Record<string, number> = {
      ArrowLeft: value - step, ArrowDown: value - step, ArrowRight: value + step, ArrowUp: value + step,
      PageDown: value - step * 5, PageUp: value + step * 5, Home: 0, End: length,
    };
    const us = next[event.key];
    if (us === undefined) return;
    event.preventDefault();
    to(us);
  };
  const drag = (event: PointerEvent) => {
    const handle = event.currentTarget as HTMLElement;
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const box = handle.parentElement!.getBoundingClientRect();
    to(((event.clientX - box.left) / box.width) * length);
  };
  return (
    <div
      class={`minimap-edge minimap-edge-${which}`} role="slider" tabIndex={0} aria-label={which === "start" ? "Shown from" : "Shown to"}
      aria-valuemin={0} aria-valuemax={length} aria-valuenow={Math.round(value)} aria-valuetext={`+${duration(value)}`}
      style={{ left: `${(value / Math.max(1, length)) * 100}%` }} onKeyDown={keydown} onPointerMove={drag}
      onPointerDown={(event) => { event.stopPropagation(); event.currentTarget.setPointerCapture(event.pointerId); }}
    />
  );
}

/** Draws every span: one pass for each colour, errors last so that none is hidden. */
function draw(context: CanvasRenderingContext2D, width: number, height: number, rows: Rows, length: number, palette: Palette): void {
  context.clearRect(0, 0, width, height);
  const thick = Math.max(1, Math.min(5, height / Math.max(1, rows.count) - 1));
  const lineHeight = Math.min(7, (height - 2) / Math.max(1, rows.count));
  const scale = width / Math.max(1, length);
  const colors = rows.services.map((service) => palette.service(service));
  const bar = (row: number, width: number, height: number) =>
    context.fillRect(rows.start[row]! * scale, Math.round(1 + row * lineHeight), Math.max(width, rows.duration[row]! * scale), height);
  for (const color of new Set(colors)) {
    context.fillStyle = color;
    for (let row = 0; row < rows.count; row += 1) if (colors[rows.service[row]!] === color) bar(row, 1, thick);
  }
  context.fillStyle = palette.token("bad-fill");
  for (let row = 0; row < rows.count; row += 1) if ((rows.flags[row]! & ERROR) !== 0) bar(row, MIN_ERROR_PX, Math.max(MIN_ERROR_PX / 2, thick));
}
