import type { SampledSpans, WordedWhy } from "../../api.ts";
import { sentence } from "../../answer.tsx";
import { counted } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { Gaps } from "../../parts/gaps.tsx";
import { wholePercent } from "./words.ts";

/** What was compared, how whole it was, and why the verdict is what it is. */
export function Basis({ why }: { why: WordedWhy }) {
  const slower = why.slowdown_us;
  return (
    <section class="section why-basis">
      <h2>How this is known</h2>
      <ul class="why-known">
        <li>
          Compared {counted(why.traces, "trace")} with {counted(why.baseline_traces, "trace")} of the baseline
          {slower !== 0 && <>: {duration(Math.abs(slower))} {slower > 0 ? "slower" : "faster"} (mean of P50, P75 and P90)</>}.
          {why.cut && " More traces match; these are a sample of the whole time range."}
        </li>
        <li>{sentence(why.reason)}</li>
        {why.traces > 0 && <li>{wholePercent(why.completeness)} of the window's traces have every parent span.</li>}
        <li>
          {why.clocks_adjusted === 0
            ? "Clocks disagreed by a millisecond or more in no trace."
            : `In ${counted(why.clocks_adjusted, "trace")}, server spans lay outside their calls and were moved into them: host clocks differ, or work went on after the call.`}
        </li>
        {(why.sampled ?? []).map((sampled) => (
          <li key={sampled.agent_id}>
            Agent {sampled.agent_id} records {recorded(sampled)} of the traces of {sampled.services.join(", ")}: numbers of traces are those of recorded ones.
          </li>
        ))}
      </ul>
      <Gaps coverage={why.coverage} />
    </section>
  );
}

/** The share of traces that is recorded: `10% to 20%`. */
function recorded({ least_ratio: least, most_ratio: most }: SampledSpans): string {
  if (least === null || most === null) return "an unknown share";
  return least === most ? wholePercent(least) : `${wholePercent(least)} to ${wholePercent(most)}`;
}
