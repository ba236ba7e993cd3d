/** Browsers limit the height of an element: above this, the scroll bar is scaled. */
export const MAX_PIXELS = 12_000_000;
const SPARE_ROWS = 8;
/** Few enough rows for the page to stay light, even on a tall screen. */
const MAX_ROWS = 72;

/** Which lines are in view, and where they are. */
export interface Shown {
  /** The height of the scrolled content, in pixels. */
  height: number;
  first: number;
  /** The line after the last. */
  end: number;
  /** The place of line 0 in the content; negative where the scroll bar is scaled. */
  origin: number;
}

export function shown(lines: number, lineHeight: number, top: number, view: number): Shown {
  const total = lines * lineHeight;
  const height = Math.min(total, MAX_PIXELS);
  const inAll = total > height ? top * ratio(total, height, view) : top;
  const fits = Math.ceil(view / lineHeight) + 1;
  const spare = Math.max(0, Math.min(SPARE_ROWS, Math.floor((MAX_ROWS - fits) / 2)));
  const at = Math.max(0, Math.floor(inAll / lineHeight));
  const first = Math.max(0, at - spare);
  const end = Math.min(lines, at + Math.min(fits, MAX_ROWS) + spare);
  return { height, first, end, origin: top - inAll };
}

/** Where to scroll so that `line` is in view: the same place if it is already. */
export function scrollTo(line: number, lines: number, lineHeight: number, top: number, view: number, where: "nearest" | "middle"): number {
  const total = lines * lineHeight;
  const height = Math.min(total, MAX_PIXELS);
  const factor = total > height ? ratio(total, height, view) : 1;
  const inAll = top * factor;
  const [above, below] = [line * lineHeight, (line + 1) * lineHeight];
  if (above >= inAll && below <= inAll + view) return top;
  if (where === "middle") return Math.max(0, (above - view / 2) / factor);
  return above < inAll ? above / factor : Math.max(0, (below - view) / factor);
}

function ratio(total: number, height: number, view: number): number {
  return (total - view) / Math.max(1, height - view);
}
