// What can be completed at the caret of a search, and what the search is after a choice.
import { conditionsOf, equals, isField, partsOf, quoted } from "../search.ts";

export interface Place {
  /** Where the text that a choice replaces begins and ends. */
  from: number;
  to: number;
  /** The key whose value is written; null while a key is. */
  key: string | null;
  /** What is written already. */
  prefix: string;
  /** The other conditions, which values are counted with; empty while one of them is not complete. */
  others: string;
}

/** The place at the caret `at`; null where nothing can be completed. */
export function placeAt(text: string, at: number): Place | null {
  let from = 0;
  let isQuoted = false;
  for (let i = 0; i < at; i += 1) {
    const character = text[i] ?? "";
    if (character === "\\" && isQuoted) i += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && /[\s(]/.test(character)) from = i + 1;
  }
  let to = at;
  while (to < text.length && !/[\s)]/.test(text[to] ?? "")) to += 1;
  if (text[from] === "-") from += 1;
  const written = text.slice(from, at);
  const { key, sign, value } = partsOf(written);
  const rest = `${text.slice(0, from).replace(/-$/, "").trimEnd()} ${text.slice(to).trimStart()}`.trim();
  const others = isComplete(rest) ? rest : "";
  if (key === "") return /^"/.test(written) ? null : { from, to, key: null, prefix: written, others };
  // The value of a comparison is a number that nobody can guess, and that of `~` a pattern.
  if (/[<>~]/.test(sign)) return null;
  const valueFrom = from + written.length - rawValue(written, sign).length;
  return { from: valueFrom, to, key, prefix: value.replace(/^"/, ""), others };
}

/** Whether each condition has a key, a sign and a value. Groups are left to the colony. */
function isComplete(search: string): boolean {
  const { any, conditions } = conditionsOf(search);
  return !any && conditions.every(({ text }) => {
    const { key, value } = partsOf(text);
    return key !== "" && value !== "" && !/[()]/.test(text);
  });
}

function rawValue(written: string, sign: string): string {
  const keyEnd = written.startsWith('"') ? written.indexOf('"', 1) + 1 : 0;
  return written.slice(written.indexOf(sign, keyEnd) + sign.length);
}

/** The search after a value was chosen, and the caret behind it. */
export function withValue(text: string, place: Place, value: string): { text: string; at: number } {
  return replaced(text, place, `${quoted(value)} `);
}

/** The search after a key was chosen: its value comes next. */
export function withKey(text: string, place: Place, key: string): { text: string; at: number } {
  const sign = key === "duration" || key === "trace.duration" ? ">" : isField(key) ? ":" : "=";
  return replaced(text, place, `${equals(key, "x").slice(0, -2)}${sign}`);
}

/** The search after a whole condition was chosen. */
export function withCondition(text: string, place: Place, key: string, value: string): { text: string; at: number } {
  return replaced(text, place, `${equals(key, value)} `);
}

function replaced(text: string, place: Place, by: string): { text: string; at: number } {
  const after = text.slice(place.to);
  // One space is enough.
  const rest = by.endsWith(" ") ? after.replace(/^ /, "") : after;
  return { text: `${text.slice(0, place.from)}${by}${rest}`, at: place.from + by.length };
}
