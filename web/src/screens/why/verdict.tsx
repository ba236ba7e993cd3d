import type { WhySuspect, WordedWhy } from "../../api.ts";
import { sentence } from "../../answer.tsx";
import { duration } from "../../format/duration.ts";
import { ago, useTimes } from "../../format/time.ts";
import { Mark } from "../../parts/state.tsx";
import { Bar } from "./bar.tsx";
import { asInBaseline, blamed, difference, suspicion, wholePercent } from "./words.ts";

/** The cause in one sentence, and what the requests would take without it. */
export function Verdict({ why, cause }: { why: WordedWhy; cause: WhySuspect }) {
  const times = useTimes();
  const differs = difference(cause, why.standouts);
  const share = why.slowdown_us > 0 && cause.kind !== "error" ? `${wholePercent(cause.share)} of the added time` : null;
  return (
    <section class="card why-verdict" aria-label="The cause">
      <p class="why-mark"><Mark mark="✕" tone="bad" word="Cause" /></p>
      <p class="why-sentence">
        <strong class="isolate">{blamed(cause)}</strong> {suspicion(cause)} <code>{cause.component}</code>
      </p>
      {differs !== "" && <p class="why-differs">{sentence(differs)}</p>}
      <p class="why-facts soft">
        {share !== null && <span>{share}</span>}
        {why.began_unix_us !== null && <span>since {times.short(why.began_unix_us)} ({ago(why.began_unix_us)})</span>}
      </p>
      <Counterfactual why={why} cause={cause} />
    </section>
  );
}

/** How long requests take now, and would take without the cause: two bars of one scale. */
function Counterfactual({ why, cause }: { why: WordedWhy; cause: WhySuspect }) {
  const { p95_us: now, counterfactual_p95_us: without } = why;
  if (without >= now || duration(now) === duration(without)) return null;
  const isTrace = why.trace_id !== null;
  return (
    <dl class="why-bars">
      <div>
        <dt>{isTrace ? "This trace took" : "P95 now"}</dt>
        <dd class="number">{duration(now)}</dd>
        <dd class="why-bar-box"><Bar part={1} tone="now" /></dd>
      </div>
      <div>
        <dt>{isTrace ? "It would take" : "P95 would be"} <span class="why-if">{asInBaseline(cause)}</span></dt>
        <dd class="number">{duration(without)}</dd>
        <dd class="why-bar-box"><Bar part={without / now} tone="before" /></dd>
      </div>
    </dl>
  );
}
