import { amend } from "../../address.ts";
import type { Mapping } from "./mapping.ts";

const BEFORE: readonly { length: string; label: string }[] = [
  { length: "15m", label: "the 15 minutes before" },
  { length: "1h", label: "the hour before" },
  { length: "6h", label: "the 6 hours before" },
  { length: "1d", label: "the day before" },
  { length: "7d", label: "the 7 days before" },
  { length: "off", label: "nothing" },
];

/** What the map is compared with, and how much of it is shown. */
export function Controls({ about, names }: { about: Mapping; names: readonly string[] }) {
  const { diff, focus, depth, isOnlyChanges, isTableOnly, zoom } = about;
  return (
    <div class="map-controls">
      <label>
        <span>Against</span>
        <select value={diff ?? "off"} onChange={(event) => amend({ diff: event.currentTarget.value === "1h" ? null : event.currentTarget.value, page: null })}>
          {BEFORE.map(({ length, label }) => <option key={length} value={length}>{label}</option>)}
          {diff !== null && !BEFORE.some(({ length }) => length === diff) && <option value={diff}>the {diff} before</option>}
        </select>
      </label>
      <label>
        <span>Focus</span>
        <select value={focus ?? ""} onChange={(event) => amend({ focus: event.currentTarget.value, depth: null, node: null, page: null })}>
          <option value="">the whole map</option>
          {(focus === null || names.includes(focus) ? names : [focus, ...names]).map((name) => <option key={name} value={name}>{name}</option>)}
        </select>
      </label>
      {focus !== null && (
        <label>
          <span>Calls away</span>
          <select value={String(depth)} onChange={(event) => amend({ depth: event.currentTarget.value === "1" ? null : event.currentTarget.value })}>
            {[1, 2, 3, 4, 5].map((depth) => <option key={depth} value={depth}>{depth}</option>)}
          </select>
        </label>
      )}
      {diff !== null && (
        <label class="check"><input type="checkbox" checked={isOnlyChanges} onChange={(event) => amend({ changes: event.currentTarget.checked, page: null }, "replace")} /> Only changes</label>
      )}
      <span class="map-zoom">
        <button type="button" class="icon" aria-pressed={isTableOnly} onClick={() => amend({ view: isTableOnly ? null : "table" })}>Table only</button>
        {!isTableOnly && (
          <>
            <button type="button" class="icon" aria-label="Smaller" title="Smaller (−)" onClick={() => zoomBy(zoom, 1 / 1.25)}>−</button>
            <button type="button" class="icon" aria-label="Larger" title="Larger (+)" onClick={() => zoomBy(zoom, 1.25)}>+</button>
            <button type="button" disabled={zoom === null} title="Fit (0)" onClick={() => amend({ zoom: null }, "replace")}>Fit</button>
          </>
        )}
      </span>
    </div>
  );
}

/** Makes the picture larger or smaller, between a quarter and four times its size. */
export function zoomBy(zoom: number | null, by: number): void {
  const next = Math.min(4, Math.max(0.25, (zoom ?? 1) * by));
  amend({ zoom: next.toFixed(2) }, "replace");
}
