// How keys and clicks move through the tree of a waterfall, and open and close its rows.
import { ORPHANS } from "./lines.ts";
import { NOTHING } from "./view.ts";
import type { WaterfallProps } from "./waterfall.tsx";

/** Where a selected line is brought to; null leaves the rows where they are. */
export type Bring = "nearest" | "middle" | null;

interface Tree extends WaterfallProps {
  /** The line that Tab reaches. */
  tabLine: number;
  hasSelected: boolean;
  linesInView: number;
  /** Whether the tree has the focus. */
  focus: { current: boolean };
  bring: { current: Bring };
}

/** What keys and clicks do (WAI-ARIA, pattern "treegrid"). */
export function useTree(tree: Tree) {
  const { rows, lines, selection, tabLine, focus, bring } = tree;
  const isClosed = (row: number) => (row === ORPHANS ? tree.orphansClosed : tree.isClosed[row] === 1);
  const hasChildren = (row: number) => row === ORPHANS || rows.hasChildren(row);
  const move = (to: number) => {
    bring.current = "nearest";
    focus.current = true;
    const line = Math.min(lines.length - 1, Math.max(0, to));
    selection.select(lines[line]!);
  };
  const open = (row: number) => {
    if (!hasChildren(row)) return;
    if (isClosed(row)) tree.toggle(row);
    else move(tabLine + 1);
  };
  const close = (row: number) => {
    if (hasChildren(row) && !isClosed(row)) return tree.toggle(row);
    const above = row === ORPHANS ? NOTHING : rows.parent[row]!;
    const parent = above >= 0 ? above : row >= rows.firstOrphan ? ORPHANS : NOTHING;
    const line = parent === NOTHING ? -1 : lines.indexOf(parent);
    if (line >= 0) move(line);
  };
  const keydown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, tree.linesInView - 1);
    const row = lines[tabLine]!;
    const to: Record<string, number> = {
      ArrowDown: tree.hasSelected ? tabLine + 1 : 0, ArrowUp: tabLine - 1, PageDown: tabLine + page, PageUp: tabLine - page,
      Home: 0, End: lines.length - 1,
    };
    const line = to[event.key];
    if (line !== undefined) move(line);
    else if (event.key === "ArrowRight") open(row);
    else if (event.key === "ArrowLeft") close(row);
    else if (event.key === "Enter" || event.key === " ") {
      if (row === ORPHANS) tree.toggle(row);
      else selection.select(row, { details: true });
    } else return;
    event.preventDefault();
  };
  const click = (event: MouseEvent) => {
    const element = (event.target as Element).closest<HTMLElement>("[data-row]");
    if (!element) return;
    const row = Number(element.dataset["row"]);
    focus.current = true;
    bring.current = "nearest";
    if (row === ORPHANS || (event.target as Element).closest(".line-toggle.is-parent")) tree.toggle(row);
    else selection.select(row, { details: true });
  };
  return { keydown, click, isClosed };
}
