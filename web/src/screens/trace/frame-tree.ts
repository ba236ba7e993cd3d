import { ERROR, type Rows } from "./rows.ts";

/** Spans with the same path of operations, as one. */
export interface Frame {
  service: number;
  name: number;
  kind: number;
  depth: number;
  spans: number;
  errors: number;
  self: number;
  /** The own time of all spans in it: its width. */
  total: number;
  /** Where it begins, in microseconds of width. */
  start: number;
  parent: Frame | null;
  children: Frame[];
  /** Its first row. */
  row: number;
}

/** Merges rows by their paths. The widest child is first. */
export function framesOf(rows: Rows): { roots: Frame[]; all: Frame[]; total: number; depth: number } {
  const known = new Map<number, Frame>();
  const all: Frame[] = [];
  const place = new Map<Frame | null, number>([[null, 0]]);
  const of: Frame[] = [];
  const roots: Frame[] = [];
  const operations = rows.services.length * (rows.names.length + 1) * 8;
  for (let row = 0; row < rows.count; row += 1) {
    const above = rows.parent[row]!;
    const parent = above < 0 ? null : of[above]!;
    const operation = (rows.service[row]! * (rows.names.length + 1) + rows.name[row]!) * 8 + rows.kind[row]!;
    const key = place.get(parent)! * operations + operation;
    let frame = known.get(key);
    if (!frame) {
      frame = {
        service: rows.service[row]!, name: rows.name[row]!, kind: rows.kind[row]!, depth: parent ? parent.depth + 1 : 0,
        spans: 0, errors: 0, self: 0, total: 0, start: 0, parent, children: [], row,
      };
      known.set(key, frame);
      all.push(frame);
      place.set(frame, all.length);
      (parent ? parent.children : roots).push(frame);
    }
    frame.spans += 1;
    frame.errors += rows.flags[row]! & ERROR;
    frame.self += rows.self[row]!;
    of[row] = frame;
  }
  // Children come after their parents in `all`.
  let depth = 0;
  for (const frame of all.toReversed()) {
    frame.total += frame.self;
    if (frame.parent) frame.parent.total += frame.total;
    if (frame.total > 0) depth = Math.max(depth, frame.depth + 1);
  }
  const layOut = (frames: Frame[], from: number) => {
    let start = from;
    for (const frame of frames.sort((one, other) => other.total - one.total)) {
      frame.start = start;
      start += frame.total;
    }
    return start;
  };
  const total = layOut(roots, 0);
  for (const frame of all) layOut(frame.children, frame.start);
  return { roots, all, total, depth };
}
