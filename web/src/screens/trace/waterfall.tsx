import type { Ref } from "preact";
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
import { useTree, type Bring } from "./tree.ts";
import type { Usual } from "./usual.ts";
import { ticks, part, type Range } from "./zoom.ts";

export interface WaterfallProps {
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
const MIN_LINES = 4;
/** How much of a wide waterfall names have, in percent, and of one beside details. */
const NAMES = 38;
const NAMES_BESIDE = 46;
const WIDE_PX = 1_100;

/** The rows of a trace over time: a tree grid that has only the rows in view in the page. */
export function Waterfall(props: WaterfallProps) {
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
  const bring = useRef<Bring>("middle");
  const focus = useRef(false);
  const isMoved = useRef(false);

  // Brings the selected line into view. It takes the focus if the grid has it.
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box || selected < 0 || size.height === 0) return;
    const inWindow = innerHeight - box.getBoundingClientRect().top;
    const seen = isMoved.current || inWindow < lineHeight * MIN_LINES ? view : Math.min(view, inWindow);
    const next = scrollTo(selected, lines.length, lineHeight, box.scrollTop, seen, bring.current ?? "middle");
    bring.current = null;
    if (Math.abs(next - box.scrollTop) > 0.5) {
      box.scrollTop = next;
      setTop(box.scrollTop);
    }
    const row = box.querySelector<HTMLElement>("[role=row][tabindex='0']");
    if (focus.current) row?.focus({ preventScroll: true });
    // The box itself may reach below the window.
    if (isMoved.current) row?.scrollIntoView({ block: "nearest" });
    isMoved.current = true;
  }, [selected, size.height > 0]);
  useEffect(() => {
    const box = ref.current;
    if (box && box.scrollTop !== top) setTop(box.scrollTop);
  }, [lines]);

  const scrolled = useCallback(() => { if (ref.current) setTop(ref.current.scrollTop); }, []);
  const { keydown, click, isClosed } = useTree({ ...props, tabLine, hasSelected: selected >= 0, linesInView: Math.floor(view / lineHeight), focus, bring });

  const shownLines: number[] = [];
  if (tabLine < range.first && tabLine < lines.length) shownLines.push(tabLine);
  for (let line = range.first; line < range.end; line += 1) shownLines.push(line);
  if (tabLine >= range.end && tabLine < lines.length) shownLines.push(tabLine);
  const marks = ticks(zoom, Math.max(2, Math.floor(axis.size.width / TICK_PX))).filter((mark) => part(mark, zoom) * axis.size.width < axis.size.width - TICK_WORDS_PX);
  return (
    <div class={`waterfall ${isNarrow ? "is-narrow" : ""}`} style={{ "--name": `${percent}%` }}>
      {!isNarrow && <Splitter percent={percent} split={split} />}
      <Head marks={marks} zoom={zoom} usual={props.usual} axis={axis.ref} scrollbarPx={size.width === 0 ? 0 : (ref.current?.offsetWidth ?? 0) - size.width} />
      <div ref={ref} class="waterfall-rows" onScroll={scrolled} style={{ height: `${Math.min(lines.length * lineHeight, 100_000)}px` }}>
        <div
          class="waterfall-sheet" role="treegrid" aria-label="Spans of the trace" aria-rowcount={lines.length} aria-colcount={4} aria-readonly="true"
          style={{ height: `${range.height}px` }} onKeyDown={keydown} onClick={click}
          onFocusIn={() => { focus.current = true; }}
          onFocusOut={(event) => { if (event.relatedTarget !== null) focus.current = false; }}
        >
          <div class="gridlines" role="presentation" aria-hidden="true">
            <div class="line-time">{marks.map((mark) => <span key={mark} class="gridline" style={{ left: `${part(mark, zoom) * 100}%` }} />)}</div>
          </div>
          {shownLines.map((line) => {
            const row = lines[line]!;
            return (
              <Line
                key={row} rows={rows} row={row} line={line} top={range.origin + line * lineHeight} height={lineHeight} zoom={zoom}
                isClosed={isClosed(row)} isSelected={line === selected && selection.row === row} isTabStop={line === tabLine}
                isMatch={props.matches === null || row === ORPHANS ? null : props.matches[row] === 1} usual={props.usual}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** The names of the columns, and the times above the bars. */
function Head(props: { marks: readonly number[]; zoom: Range; usual: Usual | null; axis: Ref<HTMLDivElement>; scrollbarPx: number }) {
  const { marks, zoom, usual } = props;
  const title = usual ? `The median in ${counted(usual.traces, "healthy trace")} of the same operation` : undefined;
  return (
    <div class="waterfall-head" aria-hidden="true" style={{ paddingRight: `calc(${props.scrollbarPx}px + 0.25rem)` }}>
      <div class="line-name">Service and operation</div>
      <div class="line-took">Took</div>
      <div class="line-usual" title={title}>{usual && "Usual"}</div>
      <div class="line-time" ref={props.axis}>
        {marks.map((mark) => <span key={mark} class="axis-mark" style={{ left: `${part(mark, zoom) * 100}%` }}>{mark === 0 ? "0" : duration(mark)}</span>)}
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
