import { useTimes } from "../../format/time.ts";
import { conditionsOf, without, words } from "../../search.ts";
import { durations } from "./heatmap.tsx";
import { narrow, type View } from "./view.ts";

/** What the search was understood as, condition by condition. Each can be taken away. */
export function Chips(props: { view: View }) {
  const { q, area } = props.view;
  const times = useTimes();
  const found = conditionsOf(q);
  const chips = found.conditions.map((condition, at) => (
    <Chip
      key={`${at} ${condition.text}`} before={at === 0 ? "" : found.any ? "or" : "and"} text={words(condition.text)} title={condition.text}
      remove={() => narrow({ q: without(q, found, condition) })}
    />
  ));
  if (area.min !== null || area.max !== null) {
    chips.push(<Chip key="duration" before={chips.length > 0 ? "and" : ""} text={`took ${durations(area)}`} title="From the picture" remove={() => narrow({ min: null, max: null })} />);
  }
  if (area.from !== null || area.to !== null) {
    const [from, to] = [area.from, area.to].map((time) => (time === null ? null : times.precise(time).slice(0, 8)));
    const text = from === null ? `began before ${to}` : to === null ? `began after ${from}` : `began ${from} – ${to}`;
    chips.push(<Chip key="time" before={chips.length > 0 ? "and" : ""} text={text} title="From the picture" remove={() => narrow({ area_from: null, area_to: null })} />);
  }
  if (chips.length === 0) return null;
  return (
    <div class="chips">
      <h2 class="unseen">Conditions</h2>
      <ul aria-label="Conditions of the search">{chips}</ul>
      {chips.length > 1 && <button type="button" class="quiet" onClick={() => narrow({ q: null, min: null, max: null, area_from: null, area_to: null })}>Clear all</button>}
    </div>
  );
}

function Chip(props: { before: string; text: string; title: string; remove: () => void }) {
  return (
    <li>
      {props.before !== "" && <span class="soft small">{props.before} </span>}
      <span class="chip" title={props.title}>
        <span class="chip-text">{props.text}</span>
        <button type="button" class="quiet icon" aria-label={`Without: ${props.text}`} onClick={props.remove}>×</button>
      </span>
    </li>
  );
}
