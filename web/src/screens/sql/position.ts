/** Where in `statement` an error of DuckDB points: `LINE 2: SELECT …` above a line with `^`, or `at or near "FRM"`. Null if it points nowhere. */
export function positionOf(error: string, statement: string): number | null {
  const found = /LINE (\d+): (.*)\n( *)\^/.exec(error);
  if (found === null) return onlyPlace(statement, /at or near "([^"]+)"/.exec(error)?.[1]);
  const [, line = "", shown = "", spaces = ""] = found;
  const lines = statement.split("\n");
  const text = lines[Number(line) - 1];
  if (text === undefined) return null;
  // A long line is shown in part, between dots.
  const part = shown.replace(/^\.\.\./, "").replace(/\.\.\.$/, "");
  const at = text.indexOf(part.trimEnd());
  if (at < 0) return null;
  const column = spaces.length - `LINE ${line}: `.length - (shown.startsWith("...") ? 3 : 0);
  const before = lines.slice(0, Number(line) - 1).reduce((sum, line) => sum + line.length + 1, 0);
  return Math.min(statement.length, before + at + Math.max(0, column));
}

/** Where `text` is in `statement`, if it is there once. */
function onlyPlace(statement: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const at = statement.indexOf(text);
  return at >= 0 && statement.indexOf(text, at + 1) < 0 ? at : null;
}
