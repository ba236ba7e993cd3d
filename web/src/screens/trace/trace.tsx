import { useEffect, useMemo, useState } from "preact/hooks";
import { Answer, useAnswer } from "../../answer.tsx";
import { amend } from "../../address.ts";
import type { Source, Waterfall as Answered } from "../../api.ts";
import { counted } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { announce } from "../../frame/announce.tsx";
import { useTitle } from "../../frame/title.ts";
import type { ScreenProps } from "../../main.tsx";
import { Command } from "../../parts/command.tsx";
import { shortened } from "./attributes.tsx";
import { Calls } from "./calls.tsx";
import { Details } from "./details.tsx";
import { Flame } from "./flame.tsx";
import { Header } from "./header.tsx";
import { Json } from "./json.tsx";
import { useTraceKeys } from "./keys.ts";
import { closedRows, linesOf, ORPHANS_KEY, toggle, withAbove } from "./lines.ts";
import { countOf, matchesOf } from "./matches.ts";
import { MiniMap } from "./minimap.tsx";
import { Failed, NoId, NotStored } from "./missing.tsx";
import { Operations } from "./operations.tsx";
import { Rows } from "./rows.ts";
import { Toolbar } from "./toolbar.tsx";
import { stepsOf } from "./steps.ts";
import { Usual } from "./usual.ts";
import { setClosed, useSelection, useView, useZoom } from "./view.ts";
import { Waterfall } from "./waterfall.tsx";
import { command } from "../../shell.ts";

/** One trace: what it is, why it took this long, and each of its spans over time. */
export function TraceScreen({ address }: ScreenProps) {
  const { params } = address;
  const id = (params.get("id") ?? "").trim().toLowerCase();
  const source = sourceOf(params);
  const clocks = params.get("adjust_clocks") === "true";
  const asked = useAnswer("traces/{id}/waterfall", id === "" ? null : { id, source, adjust_clocks: clocks });
  if (id === "") return <NoId />;
  // The trace before is no answer to an id that is wrong.
  if (asked.error !== null && (asked.answer === null || (asked.error.status >= 400 && asked.error.status < 500))) return <Failed id={id} of={asked} />;
  return (
    <>
      {asked.answer === null && <h1 class="unseen">Trace</h1>}
      <Answer of={asked} what="the trace">
        {(trace) => (trace.depth.length === 0 ? <NotStored id={id} /> : <Trace key={trace.trace_id} trace={trace} params={params} source={source} clocks={clocks} />)}
      </Answer>
    </>
  );
}

function Trace(props: { trace: Answered; params: URLSearchParams; source: Source | undefined; clocks: boolean }) {
  const { trace, params, source, clocks } = props;
  const id = trace.trace_id;
  const length = Math.max(1, trace.trace_duration_us);
  const rows = useMemo(() => new Rows(trace), [trace]);
  const view = useView(params, rows);
  const zoomed = useZoom(params, length);
  const zoom = useMemo(() => ({ start: zoomed.start, end: zoomed.end }), [zoomed.start, zoomed.end]);
  const selection = useSelection(params, rows);
  const isPainted = usePainted();
  const root = useMemo(() => longestRoot(rows), [rows]);
  useTitle(`${shortened(rows.nameOf(root), 80)} ${duration(rows.duration[root] ?? length)}`);

  const found = useAnswer("traces/{id}/find", view.q === "" ? null : { id, q: view.q, source, adjust_clocks: clocks });
  const inUrl = params.get("span");
  const chosen = useMemo(() => {
    const row = inUrl === null ? -1 : rows.find(inUrl);
    return row < 0 ? (view.view === "json" ? rows.idOf(root) : null) : rows.idOf(row);
  }, [inUrl, rows, root, view.view]);
  const isDetail = view.details || view.view === "json";
  const span = useAnswer("traces/{id}/spans/{span}", chosen !== null && isDetail ? { id, span: chosen } : null);
  const compared = useAnswer("compare", isPainted ? { a: id, source } : null);
  const usual = useMemo(() => (compared.answer && compared.answer.b.traces > 0 ? new Usual(compared.answer, rows) : null), [compared.answer, rows]);

  const rowsFound = view.q === "" || found.error !== null ? null : (found.answer?.rows ?? null);
  const matches = useMemo(
    () => matchesOf(rows, { found: rowsFound, pills: view.pills, services: view.services }, length, usual),
    [rows, rowsFound, view.pills, view.services, length, usual],
  );
  const keep = useMemo(() => (view.only && matches ? withAbove(rows, matches) : null), [rows, matches, view.only]);
  const isClosed = useMemo(() => closedRows(rows, view.closed), [rows, view.closed]);
  const lines = useMemo(() => linesOf(rows, view.closed, view.root, keep), [rows, view.closed, view.root, keep]);
  const orphansClosed = view.closed.toggled.includes(ORPHANS_KEY);

  const steps = stepsOf({ rows, lines, view, isClosed, keep, matches, selection });
  useEffect(() => announce(`${counted(trace.span_count, "span")}, ${trace.error_count === 0 ? "no errors" : counted(trace.error_count, "error")}`), [trace]);
  useTraceKeys({
    traceId: id, rows, view, zoom: zoomed, length, row: selection.row, matches, reach: steps.reach, move: steps.move,
    open: () => { if (selection.row >= 0) selection.select(selection.row, { details: true }); },
    close: steps.close,
  });

  const hasPanel = view.details && selection.row >= 0 && selection.row < rows.count && view.view !== "json";
  return (
    <div class="trace">
      <Header trace={trace} rows={rows} root={root} isAsked={isPainted} adjustsClocks={clocks} selection={{ row: selection.row, select: steps.reach }} nextError={steps.nextError} />
      <MiniMap rows={rows} length={length} zoom={zoomed} />
      <Toolbar view={view} services={trace.service_times} asked={found} matching={matches && countOf(matches)} rows={rows.count} step={steps.step} />
      {view.root !== null && (
        <p class="notice subtree">Only the subtree of <strong>{rows.serviceOf(view.root)}</strong> {shortened(rows.nameOf(view.root))} is shown. <button type="button" onClick={() => amend({ root: null })}>Show all (F)</button></p>
      )}
      <div class={`trace-body ${hasPanel ? "has-panel" : ""}`}>
        <div class="trace-view">
          {view.view === "waterfall" && lines.length > 0 && (
            <Waterfall
              rows={rows} lines={lines} isClosed={isClosed} orphansClosed={orphansClosed} matches={matches} zoom={zoom} usual={usual}
              selection={selection} toggle={(row) => setClosed(toggle(rows, view.closed, row))}
            />
          )}
          {view.view === "waterfall" && lines.length === 0 && <p class="notice">No span matches. <button type="button" onClick={() => amend({ only: null })}>Show all spans</button></p>}
          {view.view === "flame" && <Flame rows={rows} params={params} />}
          {view.view === "map" && <Calls rows={rows} times={trace.service_times} />}
          {view.view === "table" && <Operations params={params} rows={rows} matches={matches} usual={usual} selection={{ row: selection.row, select: steps.reach }} />}
          {view.view === "json" && <Json traceId={id} source={source ?? null} asked={span} isSelected={chosen !== null} />}
        </div>
        {hasPanel && (
          <Details asked={span} rows={rows} row={selection.row} length={length} zoom={zoomed} root={view.root} close={steps.close} />
        )}
      </div>
      <Command text={commandOf(id, chosen, source, clocks, view.view)} />
    </div>
  );
}

/** Whether rows are on the screen: other questions wait for that. */
function usePainted(): boolean {
  const [is, set] = useState(false);
  useEffect(() => {
    const frame = requestAnimationFrame(() => setTimeout(() => set(true)));
    return () => cancelAnimationFrame(frame);
  }, []);
  return is;
}

/** The root that the trace is named after: the longest one. */
function longestRoot(rows: Rows): number {
  let longest = 0;
  for (let row = 0; row < rows.firstOrphan; row = rows.end[row]!) if (rows.duration[row]! > rows.duration[longest]!) longest = row;
  return longest;
}

function sourceOf(params: URLSearchParams): Source | undefined {
  const source = params.get("source");
  return source === "ebpf" || source === "sdk" ? source : undefined;
}

function commandOf(id: string, span: string | null, source: string | undefined, clocks: boolean, view: string): string {
  const isJson = span !== null && view === "json" && /^[0-9a-f]+$/.test(span);
  return command("coral query beyla traces", [], [
    ["--trace-id", id], isJson && ["--span", span], isJson && ["--format", "json"], view === "flame" && ["--format", "flamegraph"],
    source !== undefined && ["--source", source], clocks && ["--adjust-clocks"],
  ]);
}
