// Reads the answer to a statement while it arrives: `{"columns":[…],"rows":[[…],…],"more":false}`.

export interface Column {
  name: string;
  type: string;
}

export type Cell = unknown;

/** Parses a row. An integer that a number of JavaScript cannot hold stays text, with all its digits. */
function parse(text: string): unknown {
  const exact = (_: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) && context?.source !== undefined ? context.source : value;
  return JSON.parse(text, exact as (key: string, value: unknown) => unknown);
}

export class Rows {
  columns: Column[] = [];
  readonly rows: Cell[][] = [];
  /** Whether a limit cut the answer. */
  more = false;
  /** Why the statement failed after its first rows. */
  error: string | null = null;
  isWhole = false;

  /** What has not been read yet. */
  #text = "";
  #at = 0;
  #depth = 0;
  #isString = false;
  /** Where the list of columns, or the row that is being read, begins. */
  #start = 0;
  #part: "columns" | "rows" | "end" = "columns";

  /** Reads the next piece of the answer. */
  push(piece: string): void {
    this.#text += piece;
    while (this.#at < this.#text.length && this.#part !== "end") this.#step();
    if (this.#part === "end") return;
    // What was read is dropped, so that a long answer is kept once.
    const keep = this.#depth > (this.#part === "columns" ? 1 : 2) ? this.#start : this.#at;
    this.#text = this.#text.slice(keep);
    this.#at -= keep;
    this.#start -= keep;
  }

  /** Reads what follows the rows, at the end of the answer. */
  end(): void {
    if (this.#part !== "end") return;
    const rest = this.#text.slice(this.#at).replace(/^\s*,/, "{");
    const { more, error } = JSON.parse(rest.startsWith("{") ? rest : "{}") as { more?: boolean; error?: string };
    this.more = more ?? false;
    this.error = error ?? null;
    this.isWhole = true;
  }

  #step(): void {
    const sign = this.#text[this.#at];
    this.#at += 1;
    if (this.#isString) {
      if (sign === "\\") this.#at += 1;
      else if (sign === '"') this.#isString = false;
    } else if (sign === '"') {
      this.#isString = true;
    } else if (sign === "[" || sign === "{") {
      this.#depth += 1;
      if (this.#depth === (this.#part === "columns" ? 2 : 3)) this.#start = this.#at - 1;
    } else if (sign === "]" || sign === "}") {
      this.#depth -= 1;
      if (this.#part === "columns" && this.#depth === 1) {
        this.columns = JSON.parse(this.#text.slice(this.#start, this.#at)) as Column[];
        this.#part = "rows";
      } else if (this.#part === "rows" && this.#depth === 2) {
        this.rows.push(parse(this.#text.slice(this.#start, this.#at)) as Cell[]);
      } else if (this.#part === "rows" && this.#depth === 1) {
        this.#part = "end";
      }
    }
  }
}
