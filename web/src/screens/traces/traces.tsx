// Searches traces: what was understood, when they began and how long they took, and each of them.
import { amend } from "../../address.ts";
import type { Heatmap, TraceList } from "../../api.ts";
import { Answer, useAnswer } from "../../answer.tsx";
import { count, counted } from "../../format/count.ts";
import { useKeys } from "../../frame/keys.ts";
import { useTitle } from "../../frame/title.ts";
import type { ScreenProps } from "../../main.tsx";
import { Command } from "../../parts/command.tsx";
import { Gaps } from "../../parts/gaps.tsx";
import { and, conditionsOf, without } from "../../search.ts";
import { Chips } from "./chips.tsx";
import { GroupPicker, GroupTable } from "./groups.tsx";
import { allOf, cellsOf, sumOf } from "./grid.ts";
import { durations, HeatmapPart } from "./heatmap.tsx";
import { Picked, TraceRows } from "./list.tsx";
import { Mistake } from "./mistake.tsx";
import { Nothing } from "./nothing.tsx";
import { command, isNarrowed, narrow, PAGE_ROWS, rangeOf, restLink, viewOf, type View } from "./view.ts";

const FAILED = "status:error";
const MANY_COLUMNS = 60;
const FEW_COLUMNS = 30;
/** Most are empty, and are not shown. */
const ROWS = 40;

export function Traces({ address, window }: ScreenProps) {
  const view = viewOf(address);
  useTitle(view.q === "" ? "Traces" : `${view.q} · Traces`);
  const list = useAnswer("traces", {
    q: view.q, ...rangeOf(view, window), min_duration_us: view.area.min, max_duration_us: view.area.max, by: view.by,
    sort: view.sort, after: view.after, source: view.source, causes: true, limit: PAGE_ROWS,
  });
  const columns = innerWidth < 640 ? FEW_COLUMNS : MANY_COLUMNS;
  const heatmap = useAnswer("heatmap", { q: view.q, ...window.ask, source: view.source, columns, rows: ROWS });
  // One sentence is enough for what both questions fail at.
  const isMistake = list.error?.status === 400 && list.error.message.startsWith("q:");
  const isFailure = isMistake || (list.error !== null && heatmap.error !== null && heatmap.answer === null);
  useKeys("Traces", [{ keys: "Escape", does: "out of the area", run: () => isNarrowed(view.area) && narrow({ min: null, max: null, area_from: null, area_to: null }) }]);
  return (
    <>
      <div class="head traces-head">
        <h1>Traces</h1>
        <Sum map={heatmap.answer} label={window.label} />
        <Choices view={view} />
      </div>
      <Chips view={view} />
      {!isFailure && <Answer of={heatmap} what="the durations">{(map) => map.traces > 0 && <HeatmapPart map={map} view={view} />}</Answer>}
      <AreaLine view={view} link={restLink(view, window)} map={heatmap.answer} />
      {isMistake ? <Mistake q={view.q} message={list.error?.message ?? ""} hint={list.error?.hint ?? null} /> : <Answer of={list} what="traces">
        {(answer) => (
          <>
            <Gaps coverage={answer.coverage} />
            {answer.traces.length > 0 && <GroupPicker view={view} />}
            {answer.groups !== null && <GroupTable groups={answer.groups} view={view} />}
            {answer.traces.length === 0 ? <Nothing list={answer} view={view} window={window} /> : <Page list={answer} view={view} />}
          </>
        )}
      </Answer>}
      <Picked view={view} />
      <Command text={command(view, window)} />
    </>
  );
}

function Sum(props: { map: Heatmap | null; label: string }) {
  const { map } = props;
  if (map === null) return <p class="soft">{props.label}</p>;
  const { errors } = sumOf(map, allOf(map));
  return (
    <p class="soft">
      {map.traces === 0 ? "no trace" : <>{map.cut && "more than "}{counted(map.traces, "trace")}</>}, {map.traces > 0 && <>{errors > 0 ? <span class="tone-bad">✕ {count(errors)} with a failed span</span> : "none failed"}, </>}{props.label}
    </p>
  );
}

/** Failed ones only, and the order. */
function Choices(props: { view: View }) {
  const { q, sort } = props.view;
  const found = conditionsOf(q);
  const failed = found.any ? undefined : found.conditions.find((condition) => condition.text === FAILED);
  return (
    <div class="actions traces-choices">
      <button type="button" aria-pressed={failed !== undefined} onClick={() => narrow({ q: failed ? without(q, found, failed) : and(q, FAILED) })}>✕ Failed only</button>
      <div class="actions" role="group" aria-label="Order">
        <button type="button" aria-pressed={sort === "newest"} onClick={() => narrow({ sort: null })}>Newest</button>
        <button type="button" aria-pressed={sort === "slowest"} onClick={() => narrow({ sort: "slowest" })}>Slowest</button>
      </div>
    </div>
  );
}

/** What is done with a chosen area of the picture. */
function AreaLine(props: { view: View; link: string | null; map: Heatmap | null }) {
  const { view, link, map } = props;
  if (!isNarrowed(view.area)) return null;
  const cells = map && cellsOf(map, view.area);
  const sum = map && cells && sumOf(map, cells);
  return (
    <p class="area-line">
      <span>Only the chosen area, {durations(view.area)}{sum && <>: <strong>about {counted(sum.traces, "trace")}</strong>{sum.errors > 0 && <span class="tone-bad"> ✕ {count(sum.errors)} failed</span>}</>}.</span>
      {sum?.traces === 0 ? null : link !== null
        ? <a class="button button-first" href={link}>Compare this area with the rest</a>
        : <span class="soft">Choose less than the full height to compare it with the other traces of the same time.</span>}
      <button type="button" onClick={() => narrow({ min: null, max: null, area_from: null, area_to: null })}>Clear the area</button>
    </p>
  );
}

function Page(props: { list: TraceList; view: View }) {
  const { list, view } = props;
  const order = view.sort === "slowest" ? "slowest first" : "newest first";
  const further = view.sort === "slowest" ? "Faster" : "Older";
  return (
    <section class="section traces-list" aria-label="List of traces">
      <TraceRows traces={list.traces} view={view} />
      <div class="traces-more">
        <span class="soft">Showing {counted(list.traces.length, "trace")}, {order}{view.after !== "" && ", not from the beginning"}.{list.more ? " More match." : " No more match."}</span>
        {view.after !== "" && <button type="button" onClick={() => narrow({ after: null })}>Back to the {view.sort}</button>}
        {list.next ? <button type="button" onClick={() => { amend({ after: list.next, row: null }); scrollTo(0, 0); }}>{further} traces</button> : list.more && <span class="soft">Add a condition to see the others.</span>}
      </div>
    </section>
  );
}
