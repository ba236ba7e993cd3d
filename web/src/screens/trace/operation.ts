import { ERROR, type Rows } from "./rows.ts";

/** The spans of one operation, summed. */
export interface Operation {
  service: string;
  name: string;
  kind: string;
  spans: number;
  errors: number;
  total: number;
  self: number;
  longest: number;
  /** The longest span. */
  row: number;
}

export const SORTS = ["self", "total", "longest", "spans", "errors"] as const;
export type Sort = (typeof SORTS)[number];

/** Sums rows by service, name and kind; the largest first. `only` has 1 for rows that count. */
export function operationsOf(rows: Rows, only: Uint8Array | null, sort: Sort): Operation[] {
  const found = new Map<number, Operation>();
  const names = rows.names.length + 1;
  for (let row = 0; row < rows.count; row += 1) {
    if (only !== null && only[row] === 0) continue;
    const key = (rows.service[row]! * names + rows.name[row]!) * 8 + rows.kind[row]!;
    let operation = found.get(key);
    if (!operation) {
      operation = { service: rows.serviceOf(row), name: rows.nameOf(row), kind: rows.kindOf(row), spans: 0, errors: 0, total: 0, self: 0, longest: -1, row };
      found.set(key, operation);
    }
    const took = rows.duration[row]!;
    operation.spans += 1;
    operation.errors += rows.flags[row]! & ERROR;
    operation.total += took;
    operation.self += rows.self[row]!;
    if (took > operation.longest) {
      operation.longest = took;
      operation.row = row;
    }
  }
  return [...found.values()].sort((one, other) => other[sort] - one[sort] || other.self - one.self);
}
