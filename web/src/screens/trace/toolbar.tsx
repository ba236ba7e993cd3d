import { useEffect, useRef, useState } from "preact/hooks";
import { amend, useLater } from "../../address.ts";
import type { FoundRows, ServiceTime } from "../../api.ts";
import { sentence, type Asked } from "../../answer.tsx";
import { count } from "../../format/count.ts";
import { Service } from "../../parts/service.tsx";
import type { Pill } from "./matches.ts";
import { PILLS } from "./matches.ts";
import { setPills, setServices, VIEWS, type TraceView, type View } from "./view.ts";

const TITLES: Record<View, string> = { waterfall: "Waterfall", flame: "Flame", map: "Map", table: "Table", json: "JSON" };
const WORDS: Record<Pill, { word: string; title: string }> = {
  critical: { word: "Critical path", title: "Spans that the request waited for" },
  errors: { word: "Errors", title: "Spans that failed" },
  slow: { word: "Slow", title: "Spans slower than in healthy traces; if those are not known, spans that took a tenth of the trace themselves" },
};
const TYPING_MS = 250;

interface Props {
  view: TraceView;
  services: readonly ServiceTime[];
  asked: Asked<FoundRows>;
  /** How many rows match, and of how many; null without a filter. */
  matching: number | null;
  rows: number;
  step(by: -1 | 1): void;
}

/** The views of a trace, and the filter of its rows. */
export function Toolbar(props: Props) {
  const { view, matching } = props;
  const bar = useRef<HTMLDivElement>(null);
  const clear = () => {
    amend({ q: null, pills: null, services: null, only: null });
    // The button goes away.
    bar.current?.querySelector<HTMLElement>(".filter-text")?.focus();
  };
  return (
    <div class="trace-tools" ref={bar}>
      <div class="views" role="group" aria-label="Views">
        {VIEWS.map((name, at) => (
          <button key={name} type="button" aria-pressed={view.view === name} title={`${TITLES[name]} (${at + 1})`} onClick={() => amend({ view: name === "waterfall" ? null : name })}>{TITLES[name]}</button>
        ))}
      </div>
      <div class="filter">
        <Search text={view.q} />
        <div class="pills" role="group" aria-label="Only spans of these kinds match">
          {PILLS.map((pill) => (
            <button
              key={pill} type="button" class="pill" aria-pressed={view.pills.includes(pill)} title={WORDS[pill].title}
              onClick={() => setPills(view.pills.includes(pill) ? view.pills.filter((other) => other !== pill) : [...view.pills, pill])}
            >{WORDS[pill].word}</button>
          ))}
        </div>
        <Services {...props} />
        {matching !== null && (
          <div class="matching">
            <span role="status">{count(matching)} of {count(props.rows)}</span>
            <button type="button" class="quiet icon" aria-label="Previous match (N)" disabled={matching === 0} onClick={() => props.step(-1)}>‹</button>
            <button type="button" class="quiet icon" aria-label="Next match (n)" disabled={matching === 0} onClick={() => props.step(1)}>›</button>
            <label class="check"><input type="checkbox" checked={view.only} onChange={() => amend({ only: !view.only })} /> Only these</label>
            <button type="button" class="quiet" onClick={clear}>Clear</button>
          </div>
        )}
      </div>
      {props.asked.error !== null && view.q !== "" && <p class="notice notice-bad filter-error" role="alert">{sentence(props.asked.error.message)} {props.asked.error.hint !== null && sentence(props.asked.error.hint)}</p>}
    </div>
  );
}

/** The search within the trace. Typing changes the URL when it has been quiet. */
function Search(props: { text: string }) {
  const [text, setText] = useState(props.text);
  const later = useLater();
  const typed = useRef(props.text);
  useEffect(() => {
    if (props.text !== typed.current) setText(props.text);
    typed.current = props.text;
  }, [props.text]);
  const input = (text: string) => {
    setText(text);
    later.set(() => {
      typed.current = text.trim();
      amend({ q: text.trim() }, "replace");
    }, TYPING_MS);
  };
  return (
    <input
      type="search" class="filter-text" value={text} aria-label="Find spans in this trace" placeholder="Find spans: duration>5ms, name~select, key=value"
      autocomplete="off" autocapitalize="off" spellcheck={false} onInput={(event) => input(event.currentTarget.value)}
      onKeyDown={(event) => { if (event.key === "Escape") event.currentTarget.blur(); }}
    />
  );
}

/** Which services' spans match. */
function Services(props: Props) {
  const { view, services } = props;
  const details = useRef<HTMLDetailsElement>(null);
  if (services.length < 2) return null;
  const close = () => { if (details.current) details.current.open = false; };
  const leave = (event: FocusEvent) => {
    if (event.relatedTarget instanceof Node && !details.current?.contains(event.relatedTarget)) close();
  };
  const change = (name: string) =>
    setServices(view.services.includes(name) ? view.services.filter((other) => other !== name) : [...view.services, name]);
  return (
    <details ref={details} class="menu services-menu" onFocusOut={leave} onKeyDown={(event) => { if (event.key === "Escape") { close(); details.current?.querySelector("summary")?.focus(); event.stopPropagation(); } }}>
      <summary class="button">{view.services.length === 0 ? "All services" : `${view.services.length} of ${services.length} services`}</summary>
      <div class="menu-body">
        <ul class="services-list">
          {services.map((time) => (
            <li key={time.service}>
              <label class="check">
                <input type="checkbox" checked={view.services.includes(time.service)} onChange={() => change(time.service)} />
                <Service name={time.service} isLink={false} />
                <span class="soft">{count(time.spans)}{time.errors > 0 && `, ✕ ${count(time.errors)}`}</span>
              </label>
            </li>
          ))}
        </ul>
        {view.services.length > 0 && <button type="button" class="menu-item" onClick={() => setServices([])}>All services</button>}
      </div>
    </details>
  );
}
