import { useMemo } from "preact/hooks";
import { href } from "../../address.ts";
import type { ServiceTime } from "../../api.ts";
import { count, counted, percent } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { Service, serviceColor } from "../../parts/service.tsx";
import { callsOf, layersOf, type Call } from "./call.ts";
import type { Rows } from "./rows.ts";

const WIDTH = 190;
const HEIGHT = 64;
/** Room below for calls back to a caller. */
const BELOW = 44;
const GAP_X = 110;
const GAP_Y = 24;
const MARGIN = 12;
const MOST = 40;
const IN_TABLE = 60;
const LONGEST_NAME = 24;

/** Which services took part in the trace and who called whom: a drawing, and the same as a table. */
export function Calls(props: { rows: Rows; times: readonly ServiceTime[] }) {
  const { rows, times } = props;
  const calls = useMemo(() => callsOf(rows), [rows]);
  const shown = useMemo(() => times.slice(0, MOST).map((time) => rows.services.indexOf(time.service)).filter((service) => service >= 0), [rows, times]);
  return (
    <>
      <Drawing rows={rows} calls={calls} services={shown} times={times} />
      {times.length > MOST && <p class="soft">The drawing has the {MOST} services that the request waited for longest, of {count(times.length)}.</p>}
      <p class="soft small">Databases and other systems that send no spans are no services of their own here. They are client spans in the waterfall.</p>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Calls between services">
        <table class="cards">
          <thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col" class="number">Calls</th><th scope="col" class="number">Failed</th><th scope="col" class="number">Mean</th><th scope="col">Critical path</th></tr></thead>
          <tbody>
            {calls.slice(0, IN_TABLE).map((call) => (
              <tr key={`${call.from} ${call.to}`}>
                <td data-label="From"><Service name={rows.services[call.from]!} /></td>
                <td data-label="To"><Service name={rows.services[call.to]!} /></td>
                <td class="number" data-label="Calls">{count(call.calls)}</td>
                <td class="number" data-label="Failed">{call.errors > 0 ? <span class="tone-bad">✕ {count(call.errors)}</span> : 0}</td>
                <td class="number" data-label="Mean">{duration(call.total / call.calls)}</td>
                <td data-label="Critical path">{call.isCritical ? "yes" : "no"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {calls.length === 0 && <p class="soft">No service of this trace called another one.</p>}
      {calls.length > IN_TABLE && <p class="soft">{counted(calls.length - IN_TABLE, "further call")} are not listed.</p>}
    </>
  );
}

function Drawing(props: { rows: Rows; calls: readonly Call[]; services: readonly number[]; times: readonly ServiceTime[] }) {
  const { rows, calls, services, times } = props;
  const places = useMemo(() => layersOf(services, calls), [services, calls]);
  if (places.length === 0) return null;
  const layers = Math.max(...places.map((place) => place.layer)) + 1;
  const tallest = Math.max(...places.map((place) => Math.abs(place.at))) * 2 + 1;
  const width = MARGIN * 2 + layers * WIDTH + (layers - 1) * GAP_X;
  const middle = MARGIN + (tallest * (HEIGHT + GAP_Y) - GAP_Y) / 2;
  const at = new Map(places.map((place) => [place.service, { x: MARGIN + place.layer * (WIDTH + GAP_X), y: middle + place.at * (HEIGHT + GAP_Y) }]));
  const hasBack = calls.some(({ from, to }) => (at.get(to)?.x ?? Infinity) <= (at.get(from)?.x ?? -Infinity));
  const height = middle * 2 + (hasBack ? BELOW : 0);
  const waited = times.reduce((sum, time) => sum + time.critical_us, 0);
  return (
    <div class="calls-drawing">
      <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="group" aria-label="Services of the trace and their calls">
        <defs>
          <marker id="call-end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" class="call-arrow" /></marker>
        </defs>
        {calls.map((call) => {
          const [from, to] = [at.get(call.from), at.get(call.to)];
          if (!from || !to) return null;
          const isBack = to.x <= from.x;
          const [x1, x2] = isBack ? [from.x + WIDTH / 2, to.x + WIDTH / 2] : [from.x + WIDTH, to.x];
          const [y1, y2] = isBack ? [from.y + HEIGHT / 2, to.y + HEIGHT / 2] : [from.y, to.y];
          const bend = Math.max(40, Math.abs(x2 - x1) / 2);
          const path = isBack ? `M${x1} ${y1}C${x1} ${y1 + 40} ${x2} ${y2 + 40} ${x2} ${y2}` : `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
          return (
            <g key={`${call.from} ${call.to}`} class={`call ${call.isCritical ? "is-critical" : ""} ${call.errors > 0 ? "is-failing" : ""}`}>
              <path d={path} marker-end="url(#call-end)" />
              <text x={(x1 + x2) / 2} y={(y1 + y2) / 2 - 6} text-anchor="middle">{`${count(call.calls)}×${call.errors > 0 ? ` ✕${count(call.errors)}` : ""}`}</text>
            </g>
          );
        })}
        {places.map(({ service }) => {
          const { x, y } = at.get(service)!;
          const name = rows.services[service]!;
          const time = times.find((time) => time.service === name);
          return (
            <a key={service} href={href("service", { name })} class={`node service-${serviceColor(name)}`}>
              <rect x={x} y={y - HEIGHT / 2} width={WIDTH} height={HEIGHT} rx="6" />
              <rect x={x} y={y - HEIGHT / 2} width="5" height={HEIGHT} rx="2" class="node-edge" />
              <text x={x + 14} y={y - 13} class="node-name">{name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name}</text>
              {waited > 0 && time && <text x={x + 14} y={y + 5} class="node-words">{`${percent(time.critical_us / waited)} of the wait`}</text>}
              <text x={x + 14} y={y + 22} class="node-words">{`${counted(time?.spans ?? 0, "span")}${time && time.errors > 0 ? `, ✕ ${counted(time.errors, "error")}` : ""}`}</text>
            </a>
          );
        })}
      </svg>
    </div>
  );
}
