/** A part of the trace's time, in microseconds from its start. */
export interface Range {
  start: number;
  end: number;
}

const SHORTEST_US = 2;

/** A range within a trace of `length` microseconds. */
export function clamp(range: Range, length: number): Range {
  const all = Math.max(length, 1);
  const size = Math.min(Math.max(range.end - range.start, Math.min(SHORTEST_US, all)), all);
  const start = Math.min(Math.max(0, range.start), all - size);
  return { start: Math.round(start), end: Math.round(start + size) };
}

/** Reads `120-430`; the whole trace for any other text. */
export function readZoom(text: string | null, length: number): Range {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(text ?? "");
  const range = match ? { start: Number(match[1]), end: Number(match[2]) } : null;
  return range && range.end > range.start ? clamp(range, length) : { start: 0, end: Math.max(length, 1) };
}

/** Writes a range for the URL; null for the whole trace. */
export function writeZoom(range: Range, length: number): string | null {
  return range.start <= 0 && range.end >= length ? null : `${range.start}-${range.end}`;
}

/** A range that is `factor` as long, around its middle. */
export function scale(range: Range, factor: number, length: number): Range {
  const middle = (range.start + range.end) / 2;
  const half = ((range.end - range.start) * factor) / 2;
  return clamp({ start: middle - half, end: middle + half }, length);
}

/** A range around a span, with some room at its sides. */
export function around(start: number, duration: number, length: number): Range {
  const room = Math.max(duration * 0.05, 1);
  return clamp({ start: start - room, end: start + duration + room }, length);
}

/** Round times for an axis with at most `most` marks. */
export function ticks(range: Range, most: number): number[] {
  const size = range.end - range.start;
  const rough = size / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough) ?? power * 10;
  const marks = [];
  for (let at = Math.ceil(range.start / step) * step; at <= range.end; at += step) marks.push(at);
  return marks;
}

/** The place of a time in a range, as a part of its width: below 0 before it, above 1 after it. */
export function part(us: number, range: Range): number {
  return (us - range.start) / Math.max(1, range.end - range.start);
}
