// The first thing that is read: the cause, and what else changed.
import { href } from "../../address.ts";
import type { Asked } from "../../answer.tsx";
import { Answer } from "../../answer.tsx";
import type { AnomalyKind, WhySuspect, WordedServices, WordedWhy } from "../../api.ts";
import { count } from "../../format/count.ts";
import { ago, useTimes } from "../../format/time.ts";
import { Cause } from "./cause.tsx";
import type { WordedAnomalies, WordedAnomaly } from "./pending.ts";

const MAX_CHANGES = 5;

const MARKS: Record<AnomalyKind, { mark: string; tone: string }> = {
  slower: { mark: "✕", tone: "bad" },
  errors: { mark: "✕", tone: "bad" },
  missing_child: { mark: "✕", tone: "bad" },
  retry_storm: { mark: "✕", tone: "bad" },
  n_plus_one: { mark: "!", tone: "warn" },
  more_often: { mark: "!", tone: "warn" },
  new_call: { mark: "+", tone: "warn" },
  new_edge: { mark: "+", tone: "warn" },
  vanished_edge: { mark: "−", tone: "warn" },
};

/** The first sentence of the verdict as a heading, and the rest of it. */
export function headline(services: WordedServices | null): [title: string, details: string] {
  if (services === null) return ["What is wrong", ""];
  const { verdict } = services;
  const many = /^([\d,]+ of [\d,]+ services (?:is|are) not well): ([\s\S]*)$/.exec(verdict);
  if (many?.[1] !== undefined && many[2] !== undefined) return [many[1], many[2]];
  const sentence = /^(.+?[^.\d])[.:](?: ([\s\S]*))?$/.exec(verdict);
  return [sentence?.[1] ?? verdict, sentence?.[2] ?? ""];
}

interface Props {
  services: Asked<WordedServices>;
  anomalies: Asked<WordedAnomalies>;
  why: Asked<WordedWhy>;
  /** The verdict about services without its first sentence. */
  details: string;
  hasChange: boolean;
}

export function Wrong(props: Props) {
  const { services, anomalies, why } = props;
  const cause = why.answer?.verdict === "cause" ? why.answer.ranking[0] ?? null : null;
  const isWell = services.answer !== null && anomalies.answer !== null && !props.hasChange;
  return (
    <section class={`home-wrong${isWell ? " home-well" : ""}`} aria-label="What is wrong">
      <Answer of={services} what="services">
        {(services) => props.hasChange
          ? <Cause of={why} services={services} details={props.details} />
          : <Well details={props.details} services={services} />}
      </Answer>
      <div class="home-changes">
        <h2>{cause === null ? "What changed" : "What else changed"}</h2>
        <Answer of={anomalies} what="changes">
          {(found) => <Changes of={found} cause={cause} />}
        </Answer>
      </div>
    </section>
  );
}

function Well(props: { details: string; services: WordedServices }) {
  return (
    <div class="home-cause">
      <h2>Services</h2>
      <p>{props.details === "" ? "No service is slow, failing or missing, as far as what was stored shows." : props.details}</p>
      <p class="soft small">Compared with the same numbers of the hour before.</p>
    </div>
  );
}

function Changes(props: { of: WordedAnomalies; cause: WhySuspect | null }) {
  const times = useTimes();
  const { of, cause } = props;
  const isCause = ({ service, component }: WordedAnomaly) => cause !== null && service === cause.service && component === cause.component;
  const changes = of.anomalies.filter((change) => !isCause(change));
  const shown = changes.slice(0, MAX_CHANGES);
  const more = changes.length - shown.length + of.left_out;
  return (
    <>
      {shown.length === 0 && <p>{nothing(of, cause !== null)}</p>}
      <ul class="changes">
        {shown.map((change) => (
          <li key={`${change.kind} ${change.service} ${change.component}`}>
            <span class={`mark tone-${MARKS[change.kind].tone}`} aria-hidden="true">{MARKS[change.kind].mark}</span>
            <span class="change-text">{change.title ?? `${change.service}: ${change.component}`}</span>
            <Proof of={change} />
          </li>
        ))}
      </ul>
      {more > 0 && <p class="soft small">And {count(more)} more with lower scores.</p>}
      <p class="soft small">
        {count(of.traces)} traces compared with {count(of.baseline_traces)} from before{of.began_unix_us !== null && <> {times.short(of.began_unix_us)}</>}{of.cut && ", a sample of all"}.
        {of.stored_since_unix_us !== null && <> Spans are stored since {ago(of.stored_since_unix_us)} only.</>}
      </p>
    </>
  );
}

/** What is said when nothing changed, or nothing besides the cause: no more than the traces allow. */
function nothing(of: WordedAnomalies, hasCause: boolean): string {
  if (of.traces === 0) return "No trace started in this window: nothing can be said.";
  if (of.baseline_traces === 0) return "There are no traces from before to compare with.";
  if (hasCause) return "Nothing else is otherwise than before.";
  const summary = of.summary ?? "nothing is otherwise than in the hour before";
  return `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}${/[.!?]$/.test(summary) ? "" : "."}`;
}

/** Links to what shows the change. */
function Proof({ of }: { of: WordedAnomaly }) {
  const isEdge = of.kind === "new_edge" || of.kind === "vanished_edge";
  const first = of.evidence[0];
  return (
    <span class="actions">
      {isEdge
        ? <a class="button small" href={href("map", { focus: of.service, diff: "1h" })} aria-label={`Map around ${of.service}`}>Map</a>
        : <a class="button small" href={href("why", { service: of.service })} aria-label={`Why ${of.service}`}>Why</a>}
      {first !== undefined && <a class="button small" href={href("trace", { id: first.trace_id, span: first.span_id })} aria-label={`A trace that shows it, of ${of.service}`}>Trace</a>}
    </span>
  );
}
