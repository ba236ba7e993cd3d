import { announce } from "./announce.tsx";

/** Puts `text` into the clipboard, also where the page is not encrypted and has no clipboard API. */
export async function copy(text: string, what: string): Promise<boolean> {
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  const copied = done ?? copySelection(text);
  announce(copied ? `${what} copied` : `${what} could not be copied`);
  return copied;
}

function copySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  // Deprecated, and the only way on an address without encryption.
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
