import type { WordedComparison } from "../../api.ts";
import { ANSWERED, KINDS, type Rows } from "./rows.ts";

export interface UsualTimes {
  p50: number;
  p95: number;
  /** Whether the span took longer than healthy ones do. */
  isSlower: boolean;
  /** How many times as long as the median it took. */
  factor: number;
}

/** Differences below this are not worth a word. */
const MIN_US = 200;
const MIN_FACTOR = 1.3;

/** How long spans of the same service, name and kind take in healthy traces. */
export class Usual {
  /** How many healthy traces were compared. */
  readonly traces: number;
  /** By service, name and kind of `rows`. */
  private readonly times = new Map<number, { p50: number; p95: number; calls: number }>();

  constructor(of: WordedComparison, rows: Rows) {
    this.traces = of.b.traces;
    const services = new Map(rows.services.map((service, at) => [service, at]));
    const names = new Map(rows.names.map((name, at) => [name, at]));
    for (const { service, name, kind, b } of of.rows) {
      const [serviceAt, nameAt, kindAt] = [services.get(service), names.get(name), (KINDS as readonly string[]).indexOf(kind)];
      if (b === null || serviceAt === undefined || nameAt === undefined) continue;
      const key = keyOf(rows, serviceAt, nameAt, kindAt);
      const known = this.times.get(key);
      if (!known || known.calls < b.calls) this.times.set(key, { p50: b.p50_us, p95: b.p95_us, calls: b.calls });
    }
  }

  /** The usual times of a row. The two sides of a call are compared as one: with the caller's row. */
  of(rows: Rows, row: number): UsualTimes | null {
    if (rows.isAnswer(row)) return null;
    const named = rows.is(row, ANSWERED) ? row + 1 : row;
    const times = this.times.get(keyOf(rows, rows.service[named]!, rows.name[named]!, rows.kind[named]!));
    return times ? compared(rows.duration[row]!, times.p50, times.p95) : null;
  }
}

function keyOf(rows: Rows, service: number, name: number, kind: number): number {
  return (service * (rows.names.length + 1) + name) * KINDS.length + kind;
}

/** A duration beside usual ones. */
export function compared(us: number, p50: number, p95: number): UsualTimes {
  return { p50, p95, isSlower: us > p95 * MIN_FACTOR && us - p95 > MIN_US, factor: us / Math.max(1, p50) };
}
