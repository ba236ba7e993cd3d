// Why a service, a route or one trace is slow or fails: the cause first, then how it is known.
import type { WordedWhy } from "../../api.ts";
import { Answer, useAnswer } from "../../answer.tsx";
import { href } from "../../address.ts";
import { useTimes } from "../../format/time.ts";
import { useTitle } from "../../frame/title.ts";
import type { ScreenProps } from "../../main.tsx";
import { Command } from "../../parts/command.tsx";
import { asking, baselineWords, DEFAULT_BASELINE, type Asking } from "./asking.ts";
import { Basis } from "./basis.tsx";
import { Evidence } from "./evidence.tsx";
import { FurtherCauses } from "./further.tsx";
import { NoCause } from "./no-cause.tsx";
import { Pickers } from "./pickers.tsx";
import { Ranking } from "./ranking.tsx";
import { Standouts } from "./standouts.tsx";
import { Verdict } from "./verdict.tsx";
import { asked, question } from "./words.ts";

export function WhyScreen({ address, window }: ScreenProps) {
  const about = asking(address, window);
  const why = useAnswer("why", about.ask);
  const answer = why.isCurrent ? why.answer : null;
  const all = address.params.get("all") === "true";
  const title = answer === null ? asked(about.service, about.route, about.trace) : question(answer);
  useTitle(title);
  return (
    <div class="why">
      <div class="head">
        <h1>{title}</h1>
        <p class="why-windows soft"><Windows about={about} label={window.label} why={answer} /></p>
      </div>
      <Pickers about={about} isReady={why.answer !== null || why.error !== null} />
      <Answer of={why} what="traces of the window and of the time before">
        {(why) => why.verdict === "cause" && why.ranking.length > 0
          ? <Cause why={why} about={about} address={address} all={all} />
          : <NoCause why={why} about={about} window={window} all={all} />}
      </Answer>
      {why.error !== null && about.trace !== null && <NoTrace id={about.trace} />}
      <Command text={about.command} />
    </div>
  );
}

/** What it can mean that a trace cannot be explained. */
function NoTrace({ id }: { id: string }) {
  return (
    <section class="section">
      <h2>What would help</h2>
      <ul class="why-help">
        <li>The id may be mistyped, or the trace was not recorded, or it is older than what is kept: <a href={href("trace", { id })}>look for the trace</a>.</li>
        <li><a href={href("why")}>Explain the whole window</a>, or <a href={href("traces", { sort: "slowest" })}>choose one of the slowest traces</a>.</li>
      </ul>
    </section>
  );
}

function Cause({ why, about, address, all }: { why: WordedWhy; about: Asking; address: ScreenProps["address"]; all: boolean }) {
  const cause = why.ranking[0];
  if (!cause) return null;
  return (
    <>
      <Verdict why={why} cause={cause} />
      <div class="why-columns">
        <Evidence cause={cause} about={about} chosen={Number(address.params.get("evidence") ?? 1)} />
        <Standouts why={why} cause={cause} />
      </div>
      <FurtherCauses causes={why.further_causes} />
      <Ranking why={why} isCause all={all} />
      <Basis why={why} />
    </>
  );
}

/** `since 02:41, against 1 hour before the change`. */
function Windows({ about, label, why }: { about: Asking; label: string; why: WordedWhy | null }) {
  const times = useTimes();
  const baseline = baselineWords(about.baseline ?? DEFAULT_BASELINE);
  if (about.trace !== null) return <><a href={href("trace", { id: about.trace })}>The trace</a>, against {baseline} before it</>;
  if (why?.began_unix_us) {
    const change = why.verdict === "cause" ? "the change" : "that time";
    return <>since {times.short(why.began_unix_us)}, against {baseline} before {change}</>;
  }
  return <>{label}, against {baseline} before</>;
}
