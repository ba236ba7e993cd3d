// Where traces are in the heatmap: time from left to right, duration from bottom to top.
import type { Heatmap } from "../../api.ts";
import type { Area } from "./view.ts";

/** Cells of the heatmap, both ends included. Row 0 has the shortest durations. */
export interface Cells {
  left: number;
  right: number;
  bottom: number;
  top: number;
}

/** A rectangle as shares of width and height, from the upper left corner. */
export interface Rectangle {
  left: number;
  top: number;
  width: number;
  height: number;
}

const FEWEST_ROWS = 6;

/** The heatmap without empty rows above and below its traces. */
export function trimmed(map: Heatmap): Heatmap {
  const { rows, columns } = map;
  const hasTraces = (row: number) => Array.from({ length: columns }, (_, column) => map.counts[column * rows + row] ?? 0).some((count) => count > 0);
  let low = 0;
  let high = rows - 1;
  while (high - low + 1 > FEWEST_ROWS && !hasTraces(high)) high -= 1;
  while (high - low + 1 > FEWEST_ROWS && !hasTraces(low)) low += 1;
  const kept = (cells: readonly number[]) => cells.filter((_, at) => at % rows >= low && at % rows <= high);
  return { ...map, rows: high - low + 1, bounds_us: map.bounds_us.slice(low, high + 2), counts: kept(map.counts), errors: kept(map.errors) };
}

/** The cells between two corners. */
export function between(one: { column: number; row: number }, other: { column: number; row: number }): Cells {
  return {
    left: Math.min(one.column, other.column), right: Math.max(one.column, other.column),
    bottom: Math.min(one.row, other.row), top: Math.max(one.row, other.row),
  };
}

/** The cell at a place, which shares of width and height name. */
export function cellAt({ columns, rows }: Heatmap, x: number, y: number): { column: number; row: number } {
  const inside = (share: number, cells: number) => Math.min(cells - 1, Math.max(0, Math.floor(share * cells)));
  return { column: inside(x, columns), row: rows - 1 - inside(y, rows) };
}

/** The times and durations of cells. Cells at an edge have no bound there. */
export function areaOf(map: Heatmap, cells: Cells): Area {
  const time = (column: number) => Math.round(map.since_unix_us + ((map.until_unix_us - map.since_unix_us) * column) / map.columns);
  const isWhole = cells.left === 0 && cells.right === map.columns - 1;
  return {
    from: isWhole ? null : time(cells.left),
    to: isWhole ? null : time(cells.right + 1),
    min: cells.bottom === 0 ? null : (map.bounds_us[cells.bottom] ?? null),
    max: cells.top === map.rows - 1 ? null : (map.bounds_us[cells.top + 1] ?? null),
  };
}

/** How high a duration is: 0 at the lowest bound, 1 at the highest. */
export function heightOf({ bounds_us: bounds, rows }: Heatmap, us: number): number {
  let row = 0;
  while (row < rows - 1 && us >= (bounds[row + 1] ?? Infinity)) row += 1;
  const [low, high] = [bounds[row] ?? 1, bounds[row + 1] ?? 1];
  const inside = high > low ? Math.log(Math.max(us, 1) / Math.max(low, 1)) / Math.log(high / Math.max(low, 1)) : 0;
  return Math.min(1, Math.max(0, (row + inside) / rows));
}

/** Where an area is drawn; null if it is not in the picture. */
export function rectangleOf(map: Heatmap, area: Area): Rectangle | null {
  const length = map.until_unix_us - map.since_unix_us;
  const across = (time: number) => Math.min(1, Math.max(0, (time - map.since_unix_us) / length));
  const left = area.from === null ? 0 : across(area.from);
  const right = area.to === null ? 1 : across(area.to);
  const bottom = area.min === null ? 0 : heightOf(map, area.min);
  const top = area.max === null ? 1 : heightOf(map, area.max);
  return right > left && top > bottom ? { left, top: 1 - top, width: right - left, height: top - bottom } : null;
}

/** The cells whose middle is in an area; null if there are none. */
export function cellsOf(map: Heatmap, area: Area): Cells | null {
  const rectangle = rectangleOf(map, area);
  if (rectangle === null) return null;
  const cells = {
    left: Math.max(0, Math.ceil(rectangle.left * map.columns - 0.5)), right: Math.ceil((rectangle.left + rectangle.width) * map.columns - 0.5) - 1,
    bottom: Math.max(0, Math.ceil((1 - rectangle.top - rectangle.height) * map.rows - 0.5)), top: Math.ceil((1 - rectangle.top) * map.rows - 0.5) - 1,
  };
  return cells.right >= cells.left && cells.top >= cells.bottom ? cells : null;
}

/** How many traces begin in the cells, and how many of them failed. */
export function sumOf(map: Heatmap, cells: Cells): { traces: number; errors: number } {
  let traces = 0;
  let errors = 0;
  for (let column = cells.left; column <= cells.right; column += 1) {
    for (let row = cells.bottom; row <= cells.top; row += 1) {
      traces += map.counts[column * map.rows + row] ?? 0;
      errors += map.errors[column * map.rows + row] ?? 0;
    }
  }
  return { traces, errors };
}

export function allOf({ columns, rows }: Heatmap): Cells {
  return { left: 0, right: columns - 1, bottom: 0, top: rows - 1 };
}

/** Durations at which the axis has a mark: round ones, as close as `most` allows. */
export function durationTicks(map: Heatmap, most = 6): number[] {
  const low = map.bounds_us[0] ?? 1;
  const high = map.bounds_us.at(-1) ?? 1;
  for (const steps of [[1, 1.5, 2, 3, 5, 7], [1, 2, 3, 5], [1, 2, 5], [1, 5], [1]]) {
    const ticks: number[] = [];
    for (let power = 1; power <= high; power *= 10) {
      for (const step of steps) if (step * power >= low && step * power <= high) ticks.push(step * power);
    }
    if (ticks.length <= most || steps.length === 1) return ticks;
  }
  return [];
}

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800];

/** Times at which the axis has a mark: at most `most`, a round step apart. */
export function timeTicks(map: Heatmap, most: number): { step: number; times: number[] } {
  const length = map.until_unix_us - map.since_unix_us;
  const step = (STEPS_S.find((step) => length / (step * 1_000_000) <= most) ?? 604_800) * 1_000_000;
  const times: number[] = [];
  for (let time = Math.ceil(map.since_unix_us / step) * step; time < map.until_unix_us; time += step) times.push(time);
  return { step, times };
}

/** Groups of columns and rows for the table: at most `columns` by as many rows as have traces. */
export function summary(map: Heatmap, columns: number): { times: Cells[]; rows: { row: number; cells: (Cells & { traces: number; errors: number })[] }[] } {
  const count = Math.min(columns, map.columns);
  const times = Array.from({ length: count }, (_, at) => ({
    left: Math.floor((at * map.columns) / count), right: Math.floor(((at + 1) * map.columns) / count) - 1, bottom: 0, top: map.rows - 1,
  }));
  const rows = [];
  for (let row = map.rows - 1; row >= 0; row -= 1) {
    const cells = times.map(({ left, right }) => {
      const part = { left, right, bottom: row, top: row };
      return { ...part, ...sumOf(map, part) };
    });
    if (cells.some((cell) => cell.traces > 0)) rows.push({ row, cells });
  }
  return { times, rows };
}
