// Round numbers for axes.

/** The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below `value`. */
export function roundUp(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= value * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** The upper end of an axis that shows `max`, and the values of its lines, from 0 on. */
export function axis(max: number, lines = 4): { top: number; ticks: number[] } {
  const step = roundUp((max > 0 ? max : 1) / lines);
  const count = Math.max(1, Math.ceil((max > 0 ? max : 1) / step - 1e-9));
  return { top: step * count, ticks: Array.from({ length: count + 1 }, (_, at) => at * step) };
}

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800];

/** Round times between `since` and `until`, at most `most` of them; microseconds. */
export function timeTicks(since: number, until: number, most: number): number[] {
  const length = (until - since) / 1e6;
  const step = (STEPS_S.find((step) => length / step <= most) ?? 604_800) * 1e6;
  const ticks: number[] = [];
  for (let at = Math.ceil(since / step) * step; at < until && ticks.length < 100; at += step) ticks.push(at);
  return ticks;
}

/** Those of `dots` that keep `distance` from all before them. */
export function apart<D extends { x: number; y: number }>(dots: readonly D[], distance: number): D[] {
  const kept: D[] = [];
  for (const dot of dots) {
    if (kept.every((other) => Math.hypot(other.x - dot.x, other.y - dot.y) >= distance)) kept.push(dot);
  }
  return kept;
}
