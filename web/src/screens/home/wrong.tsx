// The first thing that is read: the cause, and what else changed.
import { href } from "../../address.ts";
import { Answer, sentence, type Asked } from "../../answer.tsx";
import type { Anomaly, AnomalyKind, WhySuspect, WordedAnomalies, WordedServices, WordedWhy } from "../../api.ts";
import { count, perSecond, rate } from "../../format/count.ts";
import { ago, useTimes } from "../../format/time.ts";
import { p95 } from "../../parts/reason.ts";
import { Cause } from "./cause.tsx";

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
export function headline(services: WordedServices | null, isUnknown = false): [title: string, details: string] {
  if (services === null) return [isUnknown ? "What is wrong is not known" : "What is wrong", ""];
  const { verdict } = services;
  const many = /^([\d,]+ of [\d,]+ services (?:is|are) not well): ([\s\S]*)$/.exec(verdict);
  if (many?.[1] !== undefined && many[2] !== undefined) return [many[1], many[2]];
  const first = /^(.+?[^.\d])[.:](?: ([\s\S]*))?$/.exec(verdict);
  return [first?.[1] ?? verdict, first?.[2] ?? ""];
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
  const tone = props.hasChange ? " home-bad" : isWell ? " home-well" : "";
  return (
    <section class={`home-wrong${tone}`} aria-label="What is wrong">
      <div class="home-first" key="first">
        {services.answer !== null && services.isCurrent
          ? <First {...props} services={services.answer} />
          : <Answer of={services} what="services">{(old) => <First {...props} services={old} />}</Answer>}
      </div>
      <div class="home-changes" key="changes">
        <h2>{cause === null ? "What changed" : "What else changed"}</h2>
        <Answer of={anomalies} what="changes">
          {(found) => <Changes of={found} cause={cause} />}
        </Answer>
      </div>
    </section>
  );
}

function First(props: { services: WordedServices; why: Asked<WordedWhy>; details: string; hasChange: boolean }) {
  return props.hasChange
    ? <Cause of={props.why} services={props.services} details={props.details} />
    : <Well details={props.details} services={props.services} />;
}

/** What can be said when nothing is wrong: how much is served, and what is slowest. */
function Well(props: { details: string; services: WordedServices }) {
  const { services } = props.services;
  const requests = services.reduce((sum, { now }) => sum + now.requests, 0);
  const errors = services.reduce((sum, { now }) => sum + now.errors, 0);
  const perSec = services.reduce((sum, { now }) => sum + now.requests_per_second, 0);
  const slowest = services.toSorted((one, other) => (other.now.p95_us ?? 0) - (one.now.p95_us ?? 0))[0];
  const failing = services.toSorted((one, other) => other.now.error_rate - one.now.error_rate)[0];
  return (
    <div class="home-cause">
      <h2>Services</h2>
      <p>{props.details === "" ? "No service is slow, failing or missing, as far as what was stored shows." : props.details}</p>
      <dl class="facts">
        <div><dt>Served</dt><dd><strong>{perSecond(perSec)}</strong> requests per second, {count(requests)} in all</dd></div>
        <div><dt>Errors</dt><dd><strong>{requests === 0 ? "–" : rate(errors / requests)}</strong>{failing !== undefined && failing.now.errors > 0 && <>, most at <a href={href("service", { name: failing.name })}>{failing.name}</a> ({rate(failing.now.error_rate)})</>}</dd></div>
        {slowest?.now.p95_us != null && <div><dt>Slowest</dt><dd><a href={href("service", { name: slowest.name })}>{slowest.name}</a>, P95 <strong>{p95(slowest.now)}</strong>{slowest.before !== null && <span class="soft"> ({p95(slowest.before)} before)</span>}</dd></div>}
      </dl>
    </div>
  );
}

function Changes(props: { of: WordedAnomalies; cause: WhySuspect | null }) {
  const times = useTimes();
  const { of, cause } = props;
  const isCause = ({ service, component }: Anomaly) => cause !== null && service === cause.service && component === cause.component;
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
  return sentence(of.summary);
}

/** Links to what shows the change. */
function Proof({ of }: { of: Anomaly }) {
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
