import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { counted } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { useSize } from "./canvas.ts";
import { Line } from "./line.tsx";
import { lineOf, ORPHANS } from "./lines.ts";
import type { Rows } from "./rows.ts";
import { scrollTo, shown } from "./scroll.ts";
import { Splitter, useSplit } from "./splitter.tsx";
import { NOTHING, type Selection } from "./view.ts";
import type { Usual } from "./usual.ts";
import { ticks, part, type Range } from "./zoom.ts";

interface Props {
  rows: Rows;
  lines: Int32Array;
  isClosed: Uint8Array;
  orphansClosed: boolean;
  matches: Uint8Array | null;
  zoom: Range;
  usual: Usual | null;
  selection: Selection;
  toggle(row: number): void;
}

const LINE_REM = 1.75;
const LINE_REM_NARROW = 3;
const NARROW_PX = 560;
const TICK_PX = 110;
const TICK_WORDS_PX = 44;
const LEAST_LINES = 4;
/** How much of a wide waterfall names have, in percent, and of one beside details. */
const NAMES = 38;
const NAMES_BESIDE = 46;
const WIDE_PX = 1_100;

/** The rows of a trace over time: a tree grid that has only the rows in view in the page. */
export function Waterfall(props: Props) {
  const { rows, lines, selection, zoom } = props;
  const { ref, size } = useSize<HTMLDivElement>();
  const axis = useSize<HTMLDivElement>();
  const [top, setTop] = useState(0);
  const isNarrow = size.width > 0 && size.width < NARROW_PX;
  const lineHeight = useLineHeight(isNarrow);
  const { percent, split } = useSplit(size.width < WIDE_PX ? NAMES_BESIDE : NAMES);
  const view = Math.max(size.height, lineHeight);
  const range = shown(lines.length, lineHeight, top, view);
  const selected = useMemo(() => (selection.row === NOTHING ? -1 : lineOf(rows, lines, selection.row)), [rows, lines, selection.row]);
  const tabLine = selected >= 0 ? selected : 0;
  const bring = useRef<"nearest" | "middle" | null>("middle");
  const hasFocus = useRef(false);
  const isMoved = useRef(false);

  // Brings the selected line into view. It takes the focus if the grid has it.
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box || selected < 0 || size.height === 0) return;
    const inWindow = innerHeight - box.getBoundingClientRect().top;
    const seen = isMoved.current || inWindow < lineHeight * LEAST_LINES ? view : Math.min(view, inWindow);
    const next = scrollTo(selected, lines.length, lineHeight, box.scrollTop, seen, bring.current ?? "middle");
    bring.current = null;
    if (Math.abs(next - box.scrollTop) > 0.5) {
      box.scrollTop = next;
      setTop(box.scrollTop);
    }
    const row = box.querySelector<HTMLElement>("[role=row][tabindex='0']");
    if (hasFocus.current) row?.focus({ preventScroll: true });
    // The box itself may reach below the window.
    if (isMoved.current) row?.scrollIntoView({ block: "nearest" });
    isMoved.current = true;
  }, [selected, size.height > 0]);
  useEffect(() => {
    const box = ref.current;
    if (box && box.scrollTop !== top) setTop(box.scrollTop);
  }, [lines]);

  const scrolled = useCallback(() => { if (ref.current) setTop(ref.current.scrollTop); }, []);
  const move = (to: number) => {
    bring.current = "nearest";
    hasFocus.current = true;
    const line = Math.min(lines.length - 1, Math.max(0, to));
    selection.select(lines[line]!);
  };
  const keydown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(view / lineHeight) - 1);
    const row = lines[tabLine]!;
    const to: Record<string, number> = {
      ArrowDown: selected < 0 ? 0 : tabLine + 1, ArrowUp: tabLine - 1, PageDown: tabLine + page, PageUp: tabLine - page,
      Home: 0, End: lines.length - 1,
    };
    const line = to[event.key];
    if (line !== undefined) move(line);
    else if (event.key === "ArrowRight") open(row);
    else if (event.key === "ArrowLeft") close(row);
    else if (event.key === "Enter" || event.key === " ") {
      if (row === ORPHANS) props.toggle(row);
      else selection.select(row, { details: true });
    } else return;
    event.preventDefault();
  };
  const closed = (row: number) => (row === ORPHANS ? props.orphansClosed : props.isClosed[row] === 1);
  const hasChildren = (row: number) => row === ORPHANS || rows.hasChildren(row);
  const open = (row: number) => {
    if (!hasChildren(row)) return;
    if (closed(row)) props.toggle(row);
    else move(tabLine + 1);
  };
  const close = (row: number) => {
    if (hasChildren(row) && !closed(row)) return props.toggle(row);
    const above = row === ORPHANS ? NOTHING : rows.parent[row]!;
    const parent = above >= 0 ? above : row >= rows.firstOrphan ? ORPHANS : NOTHING;
    const line = parent === NOTHING ? -1 : lines.indexOf(parent);
    if (line >= 0) move(line);
  };
  const click = (event: MouseEvent) => {
    const element = (event.target as Element).closest<HTMLElement>("[data-row]");
    if (!element) return;
    const row = Number(element.dataset["row"]);
    hasFocus.current = true;
    bring.current = "nearest";
    if (row === ORPHANS || (event.target as Element).closest(".line-toggle.is-parent")) props.toggle(row);
    else selection.select(row, { details: true });
  };

  const shownLines: number[] = [];
  if (tabLine < range.first && tabLine < lines.length) shownLines.push(tabLine);
  for (let line = range.first; line < range.end; line += 1) shownLines.push(line);
  if (tabLine >= range.end && tabLine < lines.length) shownLines.push(tabLine);
  const marks = ticks(zoom, Math.max(2, Math.floor(axis.size.width / TICK_PX))).filter((mark) => part(mark, zoom) * axis.size.width < axis.size.width - TICK_WORDS_PX);
  return (
    <div class={`waterfall ${isNarrow ? "is-narrow" : ""}`} style={{ "--name": `${percent}%` }}>
      {!isNarrow && <Splitter percent={percent} split={split} />}
      <div class="waterfall-head" aria-hidden="true" style={{ paddingRight: `calc(${(ref.current?.offsetWidth ?? 0) - size.width}px + 0.25rem)` }}>
        <div class="line-name">Service and operation</div>
        <div class="line-took">Took</div>
        <div class="line-usual" title={props.usual ? `The median in ${counted(props.usual.traces, "healthy trace")} of the same operation` : undefined}>{props.usual && "Usual"}</div>
        <div class="line-time" ref={axis.ref}>
          {marks.map((mark) => <span key={mark} class="axis-mark" style={{ left: `${part(mark, zoom) * 100}%` }}>{mark === 0 ? "0" : duration(mark)}</span>)}
        </div>
      </div>
      <div ref={ref} class="waterfall-rows" onScroll={scrolled} style={{ height: `${Math.min(lines.length * lineHeight, 100_000)}px` }}>
        <div
          class="waterfall-sheet" role="treegrid" aria-label="Spans of the trace" aria-rowcount={lines.length} aria-colcount={4} aria-readonly="true"
          style={{ height: `${range.height}px` }} onKeyDown={keydown} onClick={click}
          onFocusIn={() => { hasFocus.current = true; }}
          onFocusOut={(event) => { if (event.relatedTarget !== null) hasFocus.current = false; }}
        >
          <div class="gridlines" role="presentation" aria-hidden="true">
            <div class="line-time">{marks.map((mark) => <span key={mark} class="gridline" style={{ left: `${part(mark, zoom) * 100}%` }} />)}</div>
          </div>
          {shownLines.map((line) => {
            const row = lines[line]!;
            return (
              <Line
                key={row} rows={rows} row={row} line={line} top={range.origin + line * lineHeight} height={lineHeight} zoom={zoom}
                isClosed={closed(row)} isSelected={line === selected && selection.row === row} isTabStop={line === tabLine}
                isMatch={props.matches === null || row === ORPHANS ? null : props.matches[row] === 1} usual={props.usual}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** The height of a line in pixels: it grows with the size of text. */
function useLineHeight(isNarrow: boolean): number {
  const [rem, setRem] = useState(16);
  useEffect(() => {
    const read = () => setRem(parseFloat(getComputedStyle(document.documentElement).fontSize) || 16);
    read();
    addEventListener("resize", read);
    return () => removeEventListener("resize", read);
  }, []);
  return Math.round(rem * (isNarrow ? LINE_REM_NARROW : LINE_REM));
}
