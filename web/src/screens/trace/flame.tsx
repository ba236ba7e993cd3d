import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { amend } from "../../address.ts";
import { count, counted, percent } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { visible } from "../../format/visible.ts";
import { Service } from "../../parts/service.tsx";
import { shortened } from "./attributes.tsx";
import { brush, useSize } from "./canvas.ts";
import { framesOf, type Frame } from "./frame-tree.ts";
import { usePalette, type Palette } from "./palette.ts";
import type { Rows } from "./rows.ts";

const LINE_PX = 22;
const MAX_LINES = 60;
const MIN_PX = 0.5;
const WORDS_PX = 28;
const IN_TABLE = 40;

/** Where the time of the trace went, by path of operations: a flame graph, and the same as a table. */
export function Flame(props: { rows: Rows; params: URLSearchParams }) {
  const { rows } = props;
  const tree = useMemo(() => framesOf(rows), [rows]);
  const { ref, size } = useSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const palette = usePalette();
  const [under, setUnder] = useState<Frame | null>(null);
  const chosen = props.params.get("frame");
  const row = chosen === null ? -1 : rows.find(chosen);
  const zoomed = useMemo(() => tree.all.find((frame) => frame.row === row) ?? null, [tree, row]);
  const [start, total] = zoomed ? [zoomed.start, zoomed.total] : [0, tree.total];
  const height = Math.min(tree.depth, MAX_LINES) * LINE_PX;
  useEffect(() => {
    const context = brush(canvas.current, { width: size.width, height });
    if (context && palette) draw(context, size.width, height, tree.roots, { start, total }, rows, palette);
  }, [size, height, tree, start, total, palette]);
  const find = (event: MouseEvent): Frame | null => {
    const box = canvas.current!.getBoundingClientRect();
    const depth = Math.floor((event.clientY - box.top) / LINE_PX);
    const at = start + ((event.clientX - box.left) / box.width) * total;
    let frames: readonly Frame[] = tree.roots;
    for (let level = 0; ; level += 1) {
      const frame = frames.find((frame) => at >= frame.start && at < frame.start + frame.total);
      if (!frame || level === depth) return frame ?? null;
      frames = frame.children;
    }
  };
  const zoom = (frame: Frame | null) => amend({ frame: frame && frame.parent !== null ? rows.keyOf(frame.row) : null });
  const shown = under ?? zoomed;
  if (tree.total <= 0) return <p class="notice">No span of this trace took any time itself.</p>;
  const largest = tree.all.toSorted((one, other) => other.self - one.self).slice(0, IN_TABLE);
  return (
    <>
      <p class="flame-words">
        {shown
          ? <><strong>{serviceOf(rows, shown)}</strong> {nameOf(rows, shown)}: {duration(shown.total)} with all below it ({percent(shown.total / tree.total)}), {duration(shown.self)} itself, {counted(shown.spans, "span")}</>
          : <>Width is the time that spans took themselves, summed over spans of the same path. Work that went on after its caller had ended is not counted.</>}
        {zoomed && <button type="button" onClick={() => zoom(null)}>Whole trace</button>}
      </p>
      <div ref={ref} class="flame" style={{ height: `${height}px` }}>
        <canvas ref={canvas} aria-hidden="true" onMouseMove={(event) => setUnder(find(event))} onMouseLeave={() => setUnder(null)} onClick={(event) => zoom(find(event))} />
      </div>
      {tree.depth > MAX_LINES && <p class="soft">{count(tree.depth - MAX_LINES)} deeper levels are in the waterfall only.</p>}
      <div class="table-scroll section" tabIndex={0} role="region" aria-label="The same as a table">
        <table class="cards">
          <caption>The same as a table: {tree.all.length > IN_TABLE ? `the ${IN_TABLE} of ${count(tree.all.length)} paths that took longest themselves` : "all paths"}</caption>
          <thead><tr><th scope="col">Operation</th><th scope="col" class="number">Itself</th><th scope="col" class="number">With all below</th><th scope="col" class="number">Spans</th></tr></thead>
          <tbody>
            {largest.map((frame) => (
              <tr key={frame.row}>
                <td class="wide"><Service name={serviceOf(rows, frame)} isLink={false} /> <button type="button" class="quiet as-link" title="Zoom the graph to it" aria-pressed={zoomed === frame} onClick={() => zoom(frame)}>{nameOf(rows, frame)}</button> <span class="soft">level {frame.depth + 1}</span></td>
                <td class="number" data-label="Itself">{duration(frame.self)} <span class="soft">{percent(frame.self / tree.total)}</span></td>
                <td class="number" data-label="With all below">{duration(frame.total)}</td>
                <td class="number" data-label="Spans">{count(frame.spans)}{frame.errors > 0 && <span class="tone-bad"> ✕ {count(frame.errors)}</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function serviceOf(rows: Rows, frame: Frame): string {
  return rows.services[frame.service] ?? "";
}

function nameOf(rows: Rows, frame: Frame): string {
  return shortened(rows.names[frame.name] ?? "") || "no name";
}

function draw(context: CanvasRenderingContext2D, width: number, height: number, roots: readonly Frame[], of: { start: number; total: number }, rows: Rows, palette: Palette): void {
  context.clearRect(0, 0, width, height);
  context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "middle";
  const scale = width / Math.max(1, of.total);
  const onFill = palette.token("surface");
  const waiting: Frame[] = [...roots];
  for (let frame = waiting.pop(); frame; frame = waiting.pop()) {
    const top = frame.depth * LINE_PX;
    const left = Math.max(0, (frame.start - of.start) * scale);
    const right = Math.min(width, (frame.start + frame.total - of.start) * scale);
    if (right - left < MIN_PX || top >= height) continue;
    context.fillStyle = palette.service(serviceOf(rows, frame));
    context.fillRect(left, top, Math.max(MIN_PX, right - left - 1), LINE_PX - 1);
    if (right - left > WORDS_PX) {
      context.save();
      context.beginPath();
      context.rect(left, top, right - left - 5, LINE_PX);
      context.clip();
      context.fillStyle = onFill;
      // Control characters are made visible here, because a canvas is not watched by the frame.
      const words = `${frame.errors > 0 ? "✕ " : ""}${serviceOf(rows, frame)} ${nameOf(rows, frame)} ${duration(frame.total)}`;
      context.fillText(visible(words.slice(0, 200)), left + 5, top + LINE_PX / 2);
      context.restore();
    }
    waiting.push(...frame.children);
  }
}
