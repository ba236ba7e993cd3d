/** `text` as a value of a search: quoted if it has to be. */
export function quoted(text: string): string {
  return /^[\w./:@{}-]+$/.test(text) ? text : `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
