// What was received, as a file.
import { written } from "./cell.ts";
import type { Cell, Column } from "./rows.ts";

/** The rows as RFC 4180 has them; NULL is an empty value. */
export function csv(columns: readonly Column[], rows: readonly Cell[][]): string {
  const line = (values: readonly string[]) => `${values.map(quoted).join(",")}\r\n`;
  return line(columns.map((column) => column.name)) + rows.map((row) => line(row.map((cell) => (cell === null ? "" : written(cell))))).join("");
}

/** The answer as the colony gives it. */
export function json(columns: readonly Column[], rows: readonly Cell[][], more: boolean): string {
  return `{"columns":${JSON.stringify(columns)},"rows":[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n],"more":${more}}\n`;
}

/** One cell. A spreadsheet would run what begins like a formula, so such text has an apostrophe before it. */
function quoted(text: string): string {
  const value = /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** Saves `text` as a file of the browser's downloads. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
