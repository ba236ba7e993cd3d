import type { Heatmap } from "../../api.ts";
import { useTimes } from "../../format/time.ts";
import { amend } from "../../address.ts";
import { exactDuration, micros, narrow, type View } from "./view.ts";

/** The bounds of the area as fields: what dragging does, without dragging. */
export function Bounds(props: { map: Heatmap; view: View }) {
  const { map, view: { area } } = props;
  const times = useTimes();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const length = (name: string) => { const us = micros(text(name)); return us === null ? null : exactDuration(us); };
    const time = (name: string) => onDay(text(name), map);
    narrow({ min: length("min"), max: length("max"), area_from: time("area_from"), area_to: time("area_to") });
  };
  return (
    <details class="bounds">
      <summary class="small">Choose an area with numbers</summary>
      <form onSubmit={submit} key={`${area.from} ${area.to} ${area.min} ${area.max}`}>
        <label>Took at least <input name="min" placeholder="200ms" pattern={LENGTH} title="A number with ms or s, such as 200ms" defaultValue={area.min === null ? "" : exactDuration(area.min)} /></label>
        <label>less than <input name="max" placeholder="1s" pattern={LENGTH} title="A number with ms or s, such as 1s" defaultValue={area.max === null ? "" : exactDuration(area.max)} /></label>
        <label>began from <input name="area_from" placeholder={times.precise(map.since_unix_us).slice(0, 8)} title="A time in UTC, such as 02:41 or 2026-11-25T02:41:00Z" defaultValue={area.from === null ? "" : iso(area.from)} /></label>
        <label>until <input name="area_to" placeholder={times.precise(map.until_unix_us).slice(0, 8)} title="A time in UTC" defaultValue={area.to === null ? "" : iso(area.to)} /></label>
        <div class="actions">
          <button type="submit">Show these traces</button>
          <button type="button" class="quiet" onClick={() => amend({ min: null, max: null, area_from: null, area_to: null, after: null })}>Any</button>
        </div>
      </form>
    </details>
  );
}

const LENGTH = "\\s*\\d+(\\.\\d+)?\\s*(us|µs|ms|s|m|h)\\s*";

function iso(us: number): string {
  return new Date(us / 1_000).toISOString().replace(".000Z", "Z");
}

/** `02:41` and `02:41:30` are times in UTC of the day on which the window ends, or the day before. */
function onDay(text: string, map: Heatmap): string | null {
  const clock = /^(\d\d?):(\d\d)(?::(\d\d))?$/.exec(text);
  if (clock === null) return Number.isNaN(Date.parse(text)) ? null : new Date(text).toISOString();
  const day = new Date(map.until_unix_us / 1_000);
  day.setUTCHours(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0), 0);
  if (day.getTime() > map.until_unix_us / 1_000) day.setUTCDate(day.getUTCDate() - 1);
  return day.toISOString();
}
