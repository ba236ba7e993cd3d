// When each agent was seen: a gap is a time of which nothing can be said.
import { Answer, type Asked } from "../../answer.tsx";
import type { ColonyStatus, Coverage, WordedServices } from "../../api.ts";
import { counted } from "../../format/count.ts";
import { useTimes, type Times } from "../../format/time.ts";
import { gapInWords } from "../../parts/gap.ts";
import { timeTicks } from "../../parts/chart/scale.ts";

export function Timeline(props: { of: Asked<WordedServices>; status: ColonyStatus }) {
  return (
    <section class="section">
      <h2>What was seen of agents</h2>
      <Answer of={props.of} what="what was seen of agents">{(answer) => <Lanes of={answer} status={props.status} />}</Answer>
    </section>
  );
}

function Lanes({ of, status }: { of: WordedServices; status: ColonyStatus }) {
  const times = useTimes();
  const since = of.baseline_since_unix_us;
  const until = of.until_unix_us;
  const names = [...new Set([...status.agents.map(({ agent_id }) => agent_id), ...of.coverage.map(({ agent_id }) => agent_id)])];
  const gapsOf = (name: string) => of.coverage.filter(({ agent_id }) => agent_id === name);
  const shown = names.toSorted((one, other) => gapsOf(other).length - gapsOf(one).length).slice(0, 30);
  const percent = (time: number) => `${(Math.min(Math.max((time - since) / (until - since), 0), 1) * 100).toFixed(2)}%`;
  return (
    <>
      <div class="lanes">
        {shown.map((name) => (
          <div key={name} class="lane">
            <span class="lane-name">{name}</span>
            <span class="lane-line" role="img" aria-label={laneInWords(name, gapsOf(name), times.short)}>
              {gapsOf(name).map((gap) => <Gap key={`${gap.gap} ${gap.since_unix_us}`} of={gap} since={since} until={until} percent={percent} />)}
            </span>
          </div>
        ))}
        <div class="lane lane-times" aria-hidden="true">
          <span /><span class="lane-axis">{timeTicks(since, until, 5).map((tick) => <span key={tick} style={{ left: `clamp(1.2rem, ${percent(tick)}, calc(100% - 1.2rem))` }}>{times.short(tick)}</span>)}</span>
        </div>
      </div>
      {names.length === 0
        ? <p class="soft small">No agent was known in this time.</p>
        : of.coverage.length === 0
        ? <p class="soft small">No gap from {times.short(since)} to {times.short(until)}: every agent answered, and what it had is here.</p>
        : <ul class="lane-words">{of.coverage.map((gap) => <li key={`${gap.agent_id} ${gap.gap} ${gap.since_unix_us}`}><strong>{gap.agent_id}</strong> {gapInWords(gap, times.short)}</li>)}</ul>}
      {names.length > shown.length && <p class="soft small">{counted(names.length - shown.length, "more agent")} without a gap.</p>}
    </>
  );
}

function Gap(props: { of: Coverage; since: number; until: number; percent: (time: number) => string }) {
  const { of, percent } = props;
  const isMoment = of.gap === "joined" || of.gap === "sampling_changed";
  const from = of.since_unix_us ?? props.since;
  const to = isMoment ? from : of.until_unix_us ?? props.until;
  const left = percent(from);
  return <span class={`lane-gap lane-${of.gap}`} style={{ left, width: isMoment ? "3px" : `calc(${percent(to)} - ${left})` }} />;
}

function laneInWords(name: string, gaps: readonly Coverage[], short: Times["short"]): string {
  return gaps.length === 0 ? `${name}: no gap` : `${name}: ${gaps.map((gap) => gapInWords(gap, short)).join("; ")}`;
}
