// No cause is an answer too: the reason, what would help, and the suspects below a line that says
// that they are not above chance.
import type { WordedWhy } from "../../api.ts";
import { sentence } from "../../answer.tsx";
import { href } from "../../address.ts";
import { ago, useTimes } from "../../format/time.ts";
import { Mark } from "../../parts/state.tsx";
import { equals } from "../../search.ts";
import { LENGTHS, type Window } from "../../window.ts";
import { BASELINES, baselineWords, DEFAULT_BASELINE, longer, same, type Asking } from "./asking.ts";
import { Basis } from "./basis.tsx";
import { Ranking } from "./ranking.tsx";

interface Props {
  why: WordedWhy;
  about: Asking;
  window: Window;
  /** Whether all suspects are shown. */
  all: boolean;
}

export function NoCause(props: Props) {
  const { why, all } = props;
  const isUnknown = why.traces === 0 && why.baseline_traces === 0 && why.other_routes.length === 0 && why.service !== "" && why.trace_id === null;
  return (
    <>
      <section class="card why-verdict why-none" aria-label="The answer">
        <p class="why-mark">
          {why.verdict === "no_cause"
            ? <Mark mark="✓" tone="soft" word="No cause" />
            : <Mark mark="?" tone="warn" word={isUnknown ? "Unknown service" : "Not enough evidence"} />}
        </p>
        <p class="why-sentence">{isUnknown ? <>No trace of this time has a span of <strong class="isolate">{why.service}</strong>.</> : sentence(why.reason)}</p>
      </section>
      <section class="section">
        <h2>What would help</h2>
        <ul class="why-help"><Help {...props} /></ul>
      </section>
      {why.ranking.length > 0 && (
        <>
          <h2 class="why-line">Not above chance</h2>
          <p class="soft small">Below is how times and calls differ from the baseline. It is not evidence of a cause.</p>
          <Ranking why={why} isCause={false} all={all} />
        </>
      )}
      {(why.traces > 0 || why.baseline_traces > 0) && <Basis why={why} />}
    </>
  );
}

/** What a person can do about the reason. */
function Help({ why, about, window }: Props) {
  const times = useTimes();
  const longerWindow = about.trace === null && window.isRelative ? longer(window.ask.since, LENGTHS.map((length) => length.since)) : null;
  const longerBaseline = longer(about.baseline ?? DEFAULT_BASELINE, BASELINES.map((baseline) => baseline.length));
  const kind = why.because.kind;
  const lacksBaseline = kind === "no_baseline_traces" || kind === "too_few_baseline_traces";
  return (
    <>
      {why.did_you_mean.map((name) => <li key={name}>Did you mean <a href={href("why", same(about, { service: name }))}>{name}</a>?</li>)}
      {why.other_routes.length > 0 && (
        <li>
          {why.service === "" ? "No trace in this window has" : <>{why.service} has traces in this window, but none with</>} <code>{why.route}</code>. Its routes are{" "}
          {why.other_routes.map((route, at) => <span key={route}>{at > 0 && ", "}<a href={href("why", same(about, { route }))}><code>{route}</code></a></span>)}.
        </li>
      )}
      {why.stored_since_unix_us !== null && (
        <li>Coral has stored spans only since {times.short(why.stored_since_unix_us)} ({ago(why.stored_since_unix_us)}); the baseline would begin earlier. A shorter window moves traces into the baseline.</li>
      )}
      {lacksBaseline && about.trace === null && <li><a href={href("why", same(about, { since: "5m", baseline: about.baseline ?? DEFAULT_BASELINE }))}>Look at the last 5 minutes only</a>: traces before that move into the baseline.</li>}
      {longerBaseline !== null && kind !== "no_traces" && kind !== "torn_traces" && <li><a href={href("why", same(about, { baseline: longerBaseline }))}>Compare with {baselineWords(longerBaseline)} before</a>: a longer baseline.</li>}
      {longerWindow !== null && !lacksBaseline && <li><a href={href("why", same(about, { since: longerWindow }))}>Look at the {LENGTHS.find((length) => length.since === longerWindow)?.label}</a>: a longer window has more traces.</li>}
      {kind === "torn_traces" && <li>Spans are missing: <a href={href("status")}>Status</a> says which agents are behind, and <code>coral doctor traces</code> names the cause.</li>}
      {about.service !== null && about.trace === null && <li><a href={href("why", { baseline: about.baseline })}>Explain everything</a>, not only {about.service}: the cause may be elsewhere.</li>}
      {about.service !== null && about.trace === null
        ? <li><a href={href("traces", { q: equals("service", about.service), sort: "slowest" })}>The slowest traces of {about.service}</a> say why each of them was slow.</li>
        : <li><a href={href("traces", { sort: "slowest" })}>The slowest traces</a> say why each of them was slow.</li>}
      <li><a href={href("map", { diff: about.baseline ?? DEFAULT_BASELINE })}>The map</a> shows what was added, removed or slowed down.</li>
    </>
  );
}
