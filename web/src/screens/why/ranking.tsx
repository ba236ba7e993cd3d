import type { CauseKind, WhySuspect, WordedWhy } from "../../api.ts";
import { amend } from "../../address.ts";
import { counted } from "../../format/count.ts";
import { Bar } from "./bar.tsx";
import { blamed, change, MEANING, wholePercent } from "./words.ts";

/** How many suspects are listed before all are asked for; the command line lists as many. */
const FIRST = 5;
/** The largest number of rows: more suspects than any answer has. */
const MOST = 60;

/** Suspects, most suspicious first. */
export function Ranking({ why, isCause, all }: { why: WordedWhy; isCause: boolean; all: boolean }) {
  if (why.ranking.length === 0) return null;
  const shown = why.ranking.slice(0, all ? MOST : FIRST);
  const hidden = why.ranking.slice(shown.length);
  const rest = hidden.reduce((sum, suspect) => sum + suspect.share, 0) + why.unattributed;
  const kinds = [...new Set(shown.map((suspect) => suspect.kind))];
  return (
    <section class={isCause ? "section why-ranking" : "why-ranking"}>
      {isCause && <h2>Suspects</h2>}
      <table>
        <thead>
          <tr><th scope="col">Suspect</th><th scope="col">Share of the added time</th><th scope="col" class="number">Score</th><th scope="col">Kind</th><th scope="col">Where</th><th scope="col">Before → now</th></tr>
        </thead>
        <tbody>
          {shown.map((suspect, at) => <Row key={`${suspect.service} ${suspect.component}`} suspect={suspect} isCause={isCause && at === 0} />)}
          {rest >= 0.005 && (
            <tr class="why-rest">
              <th scope="row" class="soft">others, and time of no suspect</th>
              <td data-label="Share of the added time"><Share part={rest} tone="before" /></td>
              <td colSpan={4} />
            </tr>
          )}
        </tbody>
      </table>
      {why.ranking.length > FIRST && (
        <p><button type="button" onClick={() => amend({ all: all ? null : true }, "replace")}>{all ? "Show fewer" : `Show ${counted(hidden.length, "more suspect")}`}</button></p>
      )}
      <details class="small soft why-legend">
        <summary>What these words mean</summary>
        <dl>
          <div><dt>Added time</dt><dd>all time that components took beyond the baseline; a suspect has a share of it</dd></div>
          <div><dt>Score</dt><dd>how many times slower, as a logarithm, weighted by the share; failing, missing, new and repeated calls add to it</dd></div>
          {kinds.map((kind) => <Meaning key={kind} kind={kind} />)}
        </dl>
      </details>
    </section>
  );
}

function Meaning({ kind }: { kind: CauseKind }) {
  return <div><dt>{MEANING[kind].word}</dt><dd>{MEANING[kind].means}</dd></div>;
}

function Row({ suspect, isCause }: { suspect: WhySuspect; isCause: boolean }) {
  const changed = change(suspect);
  return (
    <tr class={isCause ? "why-cause-row" : undefined}>
      <th scope="row">{isCause && <span class="tone-bad" aria-hidden="true">✕ </span>}{blamed(suspect)}{isCause && <span class="unseen"> (the cause)</span>}</th>
      <td data-label="Share of the added time"><Share part={suspect.share} tone="share" /></td>
      <td data-label="Score" class="number">{suspect.score.toFixed(2)}</td>
      <td data-label="Kind"><span title={MEANING[suspect.kind].means}>{MEANING[suspect.kind].word}</span></td>
      <td data-label="Where"><code>{suspect.component}</code></td>
      <td data-label="Before → now" class="why-change">{changed === null ? "–" : <>{changed.before} → {changed.now}</>}</td>
    </tr>
  );
}

function Share({ part, tone }: { part: number; tone: "share" | "before" }) {
  return (
    <span class="why-share">
      <span class="number">{wholePercent(part)}</span>
      <span class="why-bar-box"><Bar part={part} tone={tone} /></span>
    </span>
  );
}
