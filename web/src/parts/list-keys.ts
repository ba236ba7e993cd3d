import { useKeys } from "../frame/keys.ts";

/** `j` and `k` go through the elements that `selector` finds, in the order of the page. Enter follows a link. */
export function useListKeys(title: string, selector: string): void {
  const move = (by: number) => {
    const items = [...document.querySelectorAll<HTMLElement>(selector)];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const next = at < 0 ? (by > 0 ? 0 : items.length - 1) : Math.min(Math.max(at + by, 0), items.length - 1);
    items[next]?.focus();
  };
  useKeys(title, [
    { keys: "j", does: "next row", run: () => move(1) },
    { keys: "k", does: "previous row", run: () => move(-1) },
  ]);
}
