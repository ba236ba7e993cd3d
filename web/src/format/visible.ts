import { options, type VNode } from "preact";

// Control characters, invisible characters, line breaks and characters that change the direction of
// writing: the same as in crates/trace/src/sanitize.rs. A line feed and a tab stay, since the page
// shows them as white space.
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** Whether `text` has a character that {@link visible} writes out. */
export function hidesCharacters(text: string): boolean {
  return text.search(HIDDEN) >= 0;
}

/** Whether one character is written out. */
export function isHidden(character: string): boolean {
  return hidesCharacters(character);
}

/** `text` with characters that a reader would not see, or that reorder text, written out: `\u{202e}`. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

const WORDS = ["title", "aria-label", "aria-description", "alt", "placeholder"] as const;

/** Makes every text and label of the page visible, whichever screen shows it. */
export function showEverything(): void {
  const before = options.vnode;
  options.vnode = (vnode: VNode) => {
    const props: unknown = vnode.props;
    if (vnode.type === null && typeof props === "string") {
      (vnode as { props: unknown }).props = visible(props);
    } else if (typeof vnode.type === "string" && props !== null && typeof props === "object") {
      const words = props as Record<string, unknown>;
      for (const word of WORDS) {
        const text = words[word];
        if (typeof text === "string") words[word] = visible(text);
      }
    }
    before?.(vnode);
  };
}
