// Who calls whom, and what changed: as a picture, and the same as a table.
import type { NodeKind, Topology } from "../../api.ts";
import { amend, go, href, read } from "../../address.ts";
import { Answer, useAnswer } from "../../answer.tsx";
import { useKeys } from "../../frame/keys.ts";
import { useTitle } from "../../frame/title.ts";
import type { ScreenProps } from "../../main.tsx";
import { Command } from "../../parts/command.tsx";
import { Mark } from "../../parts/state.tsx";
import { calls, CHANGE_WORDS, keyOf, summary, type Call } from "./changes.ts";
import { ChosenCall, ChosenNode } from "./chosen.tsx";
import { Controls, zoomBy } from "./controls.tsx";
import { Lacks } from "./lacks.tsx";
import { mapping, MAX_NODES, type Mapping } from "./mapping.ts";
import { NothingThere } from "./nothing-there.tsx";
import { Picture } from "./picture.tsx";
import { CallTable, sorted } from "./table.tsx";
import { tracesOf } from "./traces-of.ts";

export function MapScreen({ address, window }: ScreenProps) {
  const about = mapping(address, window);
  useTitle(about.focus === null ? "Map" : `Map around ${about.focus}`);
  const asked = useAnswer("topology", about.ask);
  // Health of services is asked for after the map, and is what Home asks.
  const services = useAnswer("services", asked.answer === null ? null : { since: window.ask.since, until: window.ask.until, baseline: "1h", find_beginning: window.isDefault });
  const states = new Map((services.answer?.services ?? []).map((service) => [service.name, service]));
  return (
    <div class="map">
      <div class="head">
        <h1>{about.focus === null ? "Map" : <>Map around {about.focus}</>}</h1>
        <p class="map-windows soft">{window.label}{about.diff !== null && <>, against the {about.diff === "1h" ? "hour" : about.diff} before</>}</p>
      </div>
      <Controls about={about} names={[...new Set([...(asked.answer?.nodes ?? []).map(({ name }) => name), ...states.keys()])].sort()} />
      <Answer of={asked} what="who calls whom">
        {(map) => map.nodes.length === 0 && (map.diff?.removed.length ?? 0) === 0
          ? <NothingThere map={map} about={about} window={window} />
          : <Whole map={map} about={about} states={states} />}
      </Answer>
      <Command text={about.command} />
    </div>
  );
}

function Whole({ map, about, states }: { map: Topology; about: Mapping; states: Parameters<typeof Picture>[0]["services"] }) {
  const all = calls(map);
  const kinds = new Map<string, NodeKind>([...map.nodes, ...(map.diff?.removed_nodes ?? [])].map(({ name, kind }) => [name, kind]));
  const shown = sorted(about.isOnlyChanges ? all.filter((call) => call.changes.length > 0) : all, about.sort);
  const call = all.find(({ key }) => key === about.edge);
  const chooseEdge = ({ edge }: Call) => amend({ caller: edge.from, callee: edge.to, protocol: edge.protocol, node: null });
  const chooseNode = (node: string, how: "push" | "replace") => amend({ node, caller: null, callee: null, protocol: null }, how);
  const step = (by: number) => {
    // The address is newer than what is shown when keys follow fast.
    const now = read().params;
    const edge = keyOf({ from: now.get("caller") ?? "", to: now.get("callee") ?? "", protocol: now.get("protocol") ?? "" });
    const at = shown.findIndex(({ key }) => key === edge);
    const next = shown[at < 0 ? 0 : Math.min(Math.max(0, at + by), shown.length - 1)];
    if (next) amend({ caller: next.edge.from, callee: next.edge.to, protocol: next.edge.protocol, node: null }, "replace");
  };
  useKeys("Map", [
    { keys: "j", does: "next call of the table", run: () => step(1) },
    { keys: "k", does: "call before", run: () => step(-1) },
    { keys: "Enter", does: "traces of the chosen call", run: () => { if (call) go(href("traces", tracesOf(call, kinds))); } },
    { keys: "f", does: "only the neighbours of the chosen node", run: () => { if (about.node !== null) amend({ focus: about.node, page: null }); } },
    { keys: "F", does: "the whole map", run: () => amend({ focus: null, depth: null, page: null }) },
    { keys: "+", does: "larger", run: () => zoomBy(about.zoom, 1.25) },
    { keys: "-", does: "smaller", run: () => zoomBy(about.zoom, 1 / 1.25) },
    { keys: "0", does: "fit the map into the page", run: () => amend({ zoom: null }, "replace") },
    { keys: "Escape", does: "choose nothing", run: () => amend({ node: null, caller: null, callee: null, protocol: null }, "replace") },
  ]);
  const isNode = about.node !== null && kinds.has(about.node);
  const { layout } = map;
  const hasPicture = layout != null && !about.isTableOnly;
  return (
    <>
      <Summary map={map} all={all} choose={chooseEdge} />
      <div class={isNode || call ? "map-body map-body-chosen" : "map-body"}>
        {hasPicture && (
          <div class="map-box">
            <Picture
              map={map} layout={layout} services={states} node={isNode ? about.node : null} edge={call?.key ?? null} isOnlyChanges={about.isOnlyChanges} zoom={about.zoom}
              chooseNode={chooseNode} chooseEdge={chooseEdge} unfold={() => amend({ top: Math.min(MAX_NODES, 2 * layout.nodes.length) })}
            />
          </div>
        )}
        {isNode && about.node !== null
          ? <ChosenNode name={about.node} kind={kinds.get(about.node) ?? "service"} state={states.get(about.node)} calls={all} isFocus={about.node === about.focus} choose={chooseEdge} />
          : call && <ChosenCall call={call} kinds={kinds} />}
      </div>
      {hasPicture && <p class="map-legend soft small">Width: calls. Dashes: at least 1% failed. Dots: gone. Above a service: what is wrong with it.</p>}
      <section class="section">
        <h2>{about.isOnlyChanges ? "Changed calls" : "Calls"}</h2>
        <CallTable calls={shown} kinds={kinds} chosen={about.edge} sort={about.sort} page={about.page} hasDiff={map.diff !== null} choose={chooseEdge} />
      </section>
      <Lacks map={map} />
    </>
  );
}

const MAX_CHANGES = 4;

/** What changed: in one sentence, and the first changes by name. */
function Summary({ map, all, choose }: { map: Topology; all: readonly Call[]; choose: (call: Call) => void }) {
  if (map.diff === null) return null;
  const text = summary(all);
  if (map.diff.traces === 0) return <p class="map-summary"><Mark mark="?" tone="soft" word="Nothing to compare with" /> No trace started in that time: try a shorter window, or compare with a longer time.</p>;
  if (text === "") return <p class="map-summary"><Mark mark="✓" tone="good" word="No changes" /> No call is new, gone, failing or slower.</p>;
  const changed = all.filter((call) => call.changes.length > 0);
  return (
    <>
      <p class="map-summary"><Mark mark="✕" tone="bad" word="Changed" /> {text}.</p>
      <ul class="map-changes">
        {changed.slice(0, MAX_CHANGES).map((call) => (
          <li key={call.key}>
            <button type="button" class="map-link" onClick={() => choose(call)}>{call.edge.from} → {call.edge.to}</button>{" "}
            {call.changes.map(({ change, says }) => <span key={change}><Mark {...CHANGE_WORDS[change]} /> {says} </span>)}
          </li>
        ))}
        {changed.length > MAX_CHANGES && <li class="soft">and {changed.length - MAX_CHANGES} more, in the table</li>}
      </ul>
    </>
  );
}
