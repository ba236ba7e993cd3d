// Commands of a shell. Every word is quoted here, so that nothing in an address or in a span can become
// another command.
import { hidesCharacters, isHidden } from "./format/visible.ts";

/** An option: `--limit` with its value, or a switch alone. A part that is not wanted may be false or null. */
export type Option = readonly [flag: string, value?: string | number] | false | null | undefined | "";

/** `name` with its words and options: `coral why payments-api --since 15m`. */
export function command(name: string, positional: readonly (string | false | null | undefined)[], options: readonly Option[] = []): string {
  const words = positional.filter((text): text is string => typeof text === "string" && text !== "");
  const flags = options.flatMap((option) => (option ? [flagged(option)] : []));
  // A word that begins like an option stands behind `--`.
  const parts = words.some((text) => text.startsWith("-"))
    ? [name, ...flags, "--", ...words.map(word)]
    : [name, ...words.map(word), ...flags];
  return parts.join(" ");
}

function flagged([flag, value]: Exclude<Option, false | null | undefined | "">): string {
  if (value === undefined) return flag;
  const text = String(value);
  return text.startsWith("-") ? `${flag}=${word(text)}` : `${flag} ${word(text)}`;
}

/** `text` as one word: quoted if it has to be, and with characters that a reader would not see written out. */
export function word(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (!hidesCharacters(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  return `$'${Array.from(text, escaped).join("")}'`;
}

function escaped(character: string): string {
  if (character === "'" || character === "\\") return `\\${character}`;
  if (!isHidden(character) && character !== "\n" && character !== "\t") return character;
  return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, "0")}`;
}
