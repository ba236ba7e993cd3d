import type { Cell, Column } from "./rows.ts";

/** A value as text. */
export function written(cell: Cell): string {
  return typeof cell === "string" ? cell : JSON.stringify(cell);
}

/** Whether a column has numbers, which stand on the right. */
export function isNumber({ type }: Column): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|REAL|DECIMAL.*)$/.test(type);
}

/** The id of a trace, if the cell has one. */
export function traceId(column: Column | undefined, cell: Cell): string | null {
  return column?.name === "trace_id" && typeof cell === "string" && /^[0-9a-f]{32}$/.test(cell) ? cell : null;
}
