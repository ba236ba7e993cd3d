import type { Comparison } from "./pending.ts";
import type { Rows } from "./rows.ts";

export interface UsualTimes {
  p50: number;
  p95: number;
  /** Whether the span took longer than healthy ones do. */
  isSlower: boolean;
  /** How many times as long as the median it took. */
  factor: number;
}

/** Differences below this are not worth a word. */
const LEAST_US = 200;
const LEAST_FACTOR = 1.3;

/** How long spans of the same service, name and kind take in healthy traces. */
export class Usual {
  readonly traces: number;
  private readonly times = new Map<string, { p50: number; p95: number; calls: number }>();

  constructor(of: Comparison) {
    this.traces = of.b.traces;
    for (const { service, name, kind, b } of of.rows) {
      if (b === null) continue;
      const key = [service, name, kind].join("\n");
      const known = this.times.get(key);
      if (!known || known.calls < b.calls) this.times.set(key, { p50: b.p50_us, p95: b.p95_us, calls: b.calls });
    }
  }

  of(rows: Rows, row: number): UsualTimes | null {
    const key = [rows.serviceOf(row), rows.nameOf(row), rows.kindOf(row)].join("\n");
    const times = this.times.get(key);
    return times ? compared(rows.duration[row]!, times.p50, times.p95) : null;
  }
}

/** A duration beside usual ones. */
export function compared(us: number, p50: number, p95: number): UsualTimes {
  return { p50, p95, isSlower: us > p95 * LEAST_FACTOR && us - p95 > LEAST_US, factor: us / Math.max(1, p50) };
}
