// No trace was found: why, and what to do.
import { href } from "../../address.ts";
import { useAnswer } from "../../answer.tsx";
import type { TraceList, Unmatched } from "../../api.ts";
import { count, counted } from "../../format/count.ts";
import { ago } from "../../format/time.ts";
import { conditionsOf, equals, partsOf, without, words } from "../../search.ts";
import { LENGTHS, type Window } from "../../window.ts";
import { isNarrowed, narrow, rangeOf, type View } from "./view.ts";

const MAX_COUNTED = 6;

export function Nothing(props: { list: TraceList; view: View; window: Window }) {
  const { list, view, window } = props;
  const found = conditionsOf(view.q);
  const hasConditions = found.conditions.length > 0 || isNarrowed(view.area);
  return (
    <section class="nothing card" aria-labelledby="nothing-title">
      <h2 id="nothing-title">{hasConditions ? "No trace meets the conditions" : "No trace began in this time"}: {window.label}</h2>
      {list.did_you_mean.map((name) => (
        <p key={name}>No span is of that service. Did you mean <Instead view={view} wrong={{ key: "service", value: null }} value={name} />?</p>
      ))}
      {list.unmatched.map((one) => <Reason key={`${one.key} ${one.value}`} one={one} view={view} />)}
      {hasConditions && (
        <>
          <p>How many there are without one of the conditions:</p>
          <ul class="nothing-without">
            {found.conditions.slice(0, MAX_COUNTED).map((condition) => (
              <Without key={condition.from} q={without(view.q, found, condition)} text={words(condition.text)} view={view} window={window} />
            ))}
            {isNarrowed(view.area) && <li><button type="button" onClick={() => narrow({ min: null, max: null, area_from: null, area_to: null })}>Without the area</button></li>}
          </ul>
        </>
      )}
      <Newest window={window} hasConditions={hasConditions} />
    </section>
  );
}

/** A key or a value that no span has, with what there is instead. */
function Reason(props: { one: Unmatched; view: View }) {
  const { one, view } = props;
  if (one.is_text) return <p>The values of <code>{one.key}</code> are text, such as {one.similar.join(", ")}, and have no order.</p>;
  const said = one.value === null
    ? <>None of the {count(one.spans)} newest spans has the key <code>{one.key}</code>.</>
    : one.key === "service" ? <>No span belongs to the service <code>{one.value}</code>.</>
    : <>None of the {count(one.spans)} newest spans has <code>{one.key}</code> with the value <code>{one.value}</code>.</>;
  return (
    <p>
      {said}
      {one.similar.length > 0 && <> There is: {one.similar.map((text, at) => <span key={text}>{at > 0 && ", "}<Instead view={view} wrong={one} value={text} /></span>)}</>}
    </p>
  );
}

/** A button that puts what there is in the place of what there is not. */
function Instead(props: { view: View; wrong: { key: string; value: string | null }; value: string }) {
  const { view: { q }, wrong, value } = props;
  const replace = () => {
    const found = conditionsOf(q);
    const corrected = found.conditions.map((condition) => {
      const parts = partsOf(condition.text);
      if (parts.isNegated || parts.key !== wrong.key) return condition.text;
      if (wrong.value !== null || wrong.key === "service") return wrong.value === null || parts.value === wrong.value ? equals(wrong.key, value) : condition.text;
      return condition.text.replace(wrong.key, value);
    });
    narrow({ q: corrected.join(found.any ? " OR " : " ") });
  };
  return <button type="button" onClick={replace}>{value}</button>;
}

function Without(props: { q: string; text: string; view: View; window: Window }) {
  const { q, text, view, window } = props;
  const asked = useAnswer("heatmap", { q, ...rangeOf(view, window), source: view.source, columns: 1, rows: 1 });
  const traces = asked.answer?.traces;
  return (
    <li>
      <button type="button" onClick={() => narrow({ q })}>Without <strong>{text}</strong></button>{" "}
      <span class="soft">{traces === undefined ? (asked.error ? "" : "counting …") : traces === 0 ? "still none" : counted(traces, "trace")}</span>
    </li>
  );
}

/** When the newest stored trace began, so that a colony that receives nothing is seen. */
function Newest(props: { window: Window; hasConditions: boolean }) {
  const asked = useAnswer("traces", { limit: 1, since: "30d", until: "now" });
  const newest = asked.answer?.traces[0];
  if (asked.answer === null) return null;
  if (newest === undefined) {
    return (
      <p>
        No trace is stored at all. <code>coral beyla doctor</code> on a host says what its services need to be seen; the <a href={href("status")}>status</a> says what agents received.
      </p>
    );
  }
  const age = Date.now() / 1_000 - newest.start_time_unix_us / 1_000_000;
  const longer = LENGTHS.at(-1);
  return (
    <p>
      The newest stored trace began {ago(newest.start_time_unix_us)}{age > 120 ? <>: agents may be down, the <a href={href("status")}>status</a> knows.</> : "."}{" "}
      {longer && props.window.ask.since !== longer.since && <a href={href("traces", { ...Object.fromEntries(new URLSearchParams(location.search)), from: null, to: null, area_from: null, area_to: null, since: longer.since })}>Search the {longer.label}</a>}
    </p>
  );
}
