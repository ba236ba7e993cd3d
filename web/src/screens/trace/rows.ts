import type { Waterfall } from "../../api.ts";

/** Bits of the column `flags`. */
export const ERROR = 1;
export const ORPHAN = 2;
export const MOVED = 8;
export const CRITICAL = 16;
export const REDACTED = 32;
export const OUTLIVES = 64;
export const REPEATED = 128;
export const CYCLE = 256;
/** A client span whose server span is the next row. */
export const ANSWERED = 512;

export const KINDS = ["internal", "server", "client", "producer", "consumer"] as const;
const ID_DIGITS = 16;
const SHORT_DIGITS = 8;

/** The rows of a waterfall as typed arrays, in depth-first order of the tree. */
export class Rows {
  readonly count: number;
  readonly services: readonly string[];
  readonly names: readonly string[];
  readonly depth: Uint32Array;
  /** From the start of the trace, in microseconds. */
  readonly start: Float64Array;
  readonly duration: Float64Array;
  readonly self: Float64Array;
  readonly service: Uint32Array;
  readonly name: Uint32Array;
  readonly kind: Uint8Array;
  readonly flags: Uint16Array;
  /** The first row after the row's subtree. */
  readonly end: Int32Array;
  /** The row above in the tree; -1 for none. */
  readonly parent: Int32Array;
  /** Which of its siblings a row is, from 1, and how many there are. */
  readonly position: Int32Array;
  /** The first row below spans whose parent was not received; `count` if there is none. */
  readonly firstOrphan: number;
  /** Segments of the critical path: those of `row` are from `segmentsAt[row]` to `segmentsAt[row + 1]`. */
  readonly segmentsAt: Uint32Array;
  readonly segmentStart: Float64Array;
  readonly segmentEnd: Float64Array;
  /** The rows of the critical path, in order of time. */
  readonly criticalRows: readonly number[];
  private readonly ids: string;
  private readonly siblings: Int32Array;
  private roots = 0;

  constructor(of: Waterfall) {
    const count = of.depth.length;
    this.count = count;
    this.services = of.services;
    this.names = of.names;
    this.ids = of.span_ids;
    this.depth = Uint32Array.from(of.depth);
    this.start = Float64Array.from(of.start_us);
    this.duration = Float64Array.from(of.duration_us);
    this.self = Float64Array.from(of.self_us);
    this.service = Uint32Array.from(of.service);
    this.name = Uint32Array.from(of.name);
    this.kind = Uint8Array.from(of.kind);
    this.flags = Uint16Array.from(of.flags);
    this.end = new Int32Array(count).fill(count);
    this.parent = new Int32Array(count).fill(-1);
    this.position = new Int32Array(count);
    this.siblings = new Int32Array(count);
    this.firstOrphan = this.link();
    this.criticalRows = of.critical_row;
    this.segmentsAt = new Uint32Array(count + 1);
    this.segmentStart = new Float64Array(of.critical_row.length);
    this.segmentEnd = new Float64Array(of.critical_row.length);
    this.placeSegments(of);
  }

  private link(): number {
    const above: number[] = [];
    let firstOrphan = this.count;
    for (let row = 0; row < this.count; row += 1) {
      const depth = this.depth[row]!;
      while (above.length > 0 && this.depth[above.at(-1)!]! >= depth) this.end[above.pop()!] = row;
      const parent = above.at(-1) ?? -1;
      if (parent < 0 && firstOrphan === this.count && (this.flags[row]! & (ORPHAN | CYCLE)) !== 0) firstOrphan = row;
      this.parent[row] = parent;
      this.position[row] = parent < 0 ? ++this.roots : ++this.siblings[parent]!;
      above.push(row);
    }
    return firstOrphan;
  }

  private placeSegments(of: Waterfall): void {
    for (const row of of.critical_row) this.segmentsAt[row + 1]! += 1;
    for (let row = 0; row < this.count; row += 1) this.segmentsAt[row + 1]! += this.segmentsAt[row]!;
    const next = this.segmentsAt.slice();
    of.critical_row.forEach((row, at) => {
      const place = next[row]!++;
      this.segmentStart[place] = of.critical_start_us[at]!;
      this.segmentEnd[place] = of.critical_end_us[at]!;
    });
  }

  /** How many rows have the same parent as `row`. */
  setSize(row: number): number {
    const parent = this.parent[row]!;
    return parent < 0 ? this.roots : this.siblings[parent]!;
  }

  hasChildren(row: number): boolean {
    return this.end[row]! > row + 1;
  }

  is(row: number, flag: number): boolean {
    return (this.flags[row]! & flag) !== 0;
  }

  /** Whether a row is the server's side of the call in the row above. */
  isAnswer(row: number): boolean {
    return row > 0 && this.is(row - 1, ANSWERED);
  }

  serviceOf(row: number): string {
    return this.services[this.service[row]!] ?? "";
  }

  nameOf(row: number): string {
    return this.names[this.name[row]!] ?? "";
  }

  kindOf(row: number): string {
    return KINDS[this.kind[row]!] ?? "internal";
  }

  /** The span id of a row; null for one that the caller may not see. */
  idOf(row: number): string | null {
    return this.is(row, REDACTED) ? null : this.ids.slice(row * ID_DIGITS, (row + 1) * ID_DIGITS);
  }

  /** The row that `key` names: a span id, its beginning, or `row` with a number; -1 if there is none. */
  find(key: string): number {
    const number = /^row(\d{1,7})$/.exec(key)?.[1];
    if (number !== undefined) return Number(number) < this.count ? Number(number) : -1;
    if (!/^[0-9a-f]{4,16}$/.test(key)) return -1;
    for (let at = this.ids.indexOf(key); at >= 0; at = this.ids.indexOf(key, at + 1)) {
      if (at % ID_DIGITS === 0) return at / ID_DIGITS;
    }
    return -1;
  }

  /** What names a row in the URL: its span id, or its number where the id does not tell. */
  keyOf(row: number): string {
    const id = this.idOf(row);
    return id !== null && !this.is(row, REPEATED) ? id : `row${row}`;
  }

  /** The same in fewer digits, where they are enough. */
  shortKeyOf(row: number): string {
    const key = this.keyOf(row);
    const short = key.slice(0, SHORT_DIGITS);
    return this.find(short) === row ? short : key;
  }

  /** The rows above `row`, the nearest first. */
  above(row: number): number[] {
    const rows = [];
    for (let at = this.parent[row] ?? -1; at >= 0; at = this.parent[at]!) rows.push(at);
    return rows;
  }
}
