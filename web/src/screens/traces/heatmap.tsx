// When traces began and how long they took. An area of it narrows the list.
import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { amend } from "../../address.ts";
import type { Heatmap } from "../../api.ts";
import { count, counted } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { useTimes, ZoneContext } from "../../format/time.ts";
import { Bounds } from "./bounds.tsx";
import { allOf, areaOf, between, cellAt, durationTicks, heightOf, rectangleOf, sumOf, timeTicks, trimmed, type Cells, type Rectangle } from "./grid.ts";
import { HeatmapTable } from "./heatmap-table.tsx";
import { paint } from "./paint.ts";
import { areaParams, isNarrowed, narrow, type Area, type View } from "./view.ts";

/** A drag that is under way: where it began, and where it is. */
interface Drag {
  from: { column: number; row: number };
  to: { column: number; row: number };
}

export function HeatmapPart(props: { map: Heatmap; view: View }) {
  const { view } = props;
  const map = useMemo(() => trimmed(props.map), [props.map]);
  const times = useTimes();
  const most = Math.max(1, ...map.counts);
  const all = sumOf(map, allOf(map));
  return (
    <section class="heatmap" aria-labelledby="heatmap-title">
      <div class="heatmap-head">
        <h2 id="heatmap-title">Duration over time</h2>
        <p class="soft small heatmap-legend">
          <span class="heatmap-key"><span class="heatmap-scale" aria-hidden="true" /> {most > 1 && "1 to "}{counted(most, "trace")}</span>
          <span class="heatmap-key"><span class="tone-bad heatmap-cross" aria-hidden="true">✕</span> some failed</span>
        </p>
        <button type="button" class="quiet" aria-pressed={view.isTable} onClick={() => amend({ heatmap: view.isTable ? null : "table" })}>As a table</button>
      </div>
      {view.isTable ? <HeatmapTable map={map} /> : <Picture map={map} area={view.area} />}
      {map.cut && <p class="small tone-warn">The window has more than {counted(all.traces, "trace")}. Only those since {times.short(map.counted_since_unix_us ?? map.since_unix_us)} are counted.</p>}
      <Bounds map={map} view={view} />
    </section>
  );
}

function Picture(props: { map: Heatmap; area: Area }) {
  const { map, area } = props;
  const times = useTimes();
  const zone = useContext(ZoneContext);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drag, setDrag] = useState<Drag | null>(null);
  const [pointed, setPointed] = useState<Cells | null>(null);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const draw = () => paint(element, map);
    const resized = new ResizeObserver(draw);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    resized.observe(element);
    addEventListener("coral:theme", draw);
    scheme.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      removeEventListener("coral:theme", draw);
      scheme.removeEventListener("change", draw);
    };
  }, [map]);

  const at = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return cellAt(map, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  const choose = (event: PointerEvent) => {
    if (drag === null) return;
    const cells = between(drag.from, at(event));
    setDrag(null);
    const isOne = cells.left === cells.right && cells.bottom === cells.top;
    if (isOne && sumOf(map, cells).traces === 0) narrow(areaParams({ from: null, to: null, min: null, max: null }));
    else narrow(areaParams(areaOf(map, cells)));
  };
  const cells = drag === null ? null : between(drag.from, drag.to);
  const chosen = cells ? rectangleOf(map, areaOf(map, cells)) : isNarrowed(area) ? rectangleOf(map, area) : null;
  const ticks = timeTicks(map, innerWidth < 640 ? 4 : 9);
  const across = (time: number) => (time - map.since_unix_us) / (map.until_unix_us - map.since_unix_us);
  // A label at the end would be cut.
  const labelled = ticks.times.filter((time) => across(time) < (innerWidth < 640 ? 0.85 : innerWidth < 1_000 ? 0.93 : 0.96));
  const label = (time: number) => (ticks.step >= 86_400_000_000 ? times.short(time) : ticks.step >= 60_000_000 ? times.minute(time) : times.precise(time).slice(0, 8));
  const said = cells ?? pointed;
  return (
    <>
      <div class="heatmap-picture">
        <div class="heatmap-durations" aria-hidden="true">
          {durationTicks(map).map((us) => <span key={us} style={{ bottom: `${heightOf(map, us) * 100}%` }}>{duration(us)}</span>)}
        </div>
        <div
          class="heatmap-field"
          onPointerDown={(event) => { if (event.button === 0) { event.currentTarget.setPointerCapture(event.pointerId); setDrag({ from: at(event), to: at(event) }); } }}
          onPointerMove={(event) => { const to = at(event); if (drag) setDrag({ ...drag, to }); else setPointed(between(to, to)); }}
          onPointerUp={choose} onPointerCancel={() => setDrag(null)} onPointerLeave={() => setPointed(null)}
        >
          <canvas ref={canvas} role="img" aria-label={`${counted(map.traces, "trace")} by time and duration. The button “As a table” shows the numbers.`} />
          {durationTicks(map).map((us) => <i key={us} class="heatmap-line" style={{ bottom: `${heightOf(map, us) * 100}%` }} />)}
          {chosen && <div class="heatmap-area" style={box(chosen)} />}
        </div>
        <div class="heatmap-times" aria-hidden="true">
          {labelled.map((time) => <span key={time} style={{ left: `${across(time) * 100}%` }}>{label(time)}</span>)}
        </div>
      </div>
      <p class="heatmap-says soft small" aria-hidden="true">{said ? <Said map={map} cells={said} /> : <>Time in {zone === "utc" ? "UTC" : "your time zone"}. Drag over an area to see only its traces.</>}</p>
    </>
  );
}

/** The cells under the pointer in words. */
function Said({ map, cells }: { map: Heatmap; cells: Cells }) {
  const times = useTimes();
  const { traces, errors } = sumOf(map, cells);
  const area = areaOf(map, cells);
  return (
    <>
      {times.precise(area.from ?? map.since_unix_us).slice(0, 8)} – {times.precise(area.to ?? map.until_unix_us).slice(0, 8)}, {durations(area)}:{" "}
      <strong>{counted(traces, "trace")}</strong>{errors > 0 && <>, {count(errors)} failed</>}
    </>
  );
}

/** `200ms to 500ms`, `over 500ms`, `under 200ms`, `any duration`. */
export function durations({ min, max }: Area): string {
  if (min === null) return max === null ? "any duration" : `under ${duration(max)}`;
  return max === null ? `over ${duration(min)}` : `${duration(min)} to ${duration(max)}`;
}

function box({ left, top, width, height }: Rectangle): Record<string, string> {
  return { left: `${left * 100}%`, top: `${top * 100}%`, width: `${width * 100}%`, height: `${height * 100}%` };
}
