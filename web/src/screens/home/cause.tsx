// The cause that the question `why` names: what, where, since when, and the proof.
import { href } from "../../address.ts";
import { Failure, type Asked } from "../../answer.tsx";
import type { WhySuspect, WordedServices, WordedWhy } from "../../api.ts";
import { percent } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { ago, useTimes } from "../../format/time.ts";
import { callerOf, differenceOf, does, operationOf, placesOf, valueOf } from "../../parts/suspect.ts";

const MAX_HOSTS = 4;

export function Cause(props: { of: Asked<WordedWhy>; services: WordedServices; details: string }) {
  const { answer, error } = props.of;
  const first = answer?.verdict === "cause" ? answer.ranking[0] : undefined;
  if (answer !== null && first !== undefined) return <Named why={answer} suspect={first} services={props.services} />;
  return (
    <div class="home-cause" aria-busy={answer === null && error === null}>
      <h2>{answer === null ? (error === null ? "Looking for the cause…" : "What is not well") : answer.verdict === "no_cause" ? "No single cause" : "Not enough evidence for a cause"}</h2>
      {answer !== null && <p>{answer.reason.slice(0, 1).toUpperCase()}{answer.reason.slice(1)}.</p>}
      {props.details !== "" && <p>{props.details}</p>}
      {error !== null && error.status !== 403 && <Failure error={error} retry={props.of.retry} />}
      {answer !== null && <p class="actions"><a class="button" href={href("why")}>What was compared</a></p>}
    </div>
  );
}

function Named(props: { why: WordedWhy; suspect: WhySuspect; services: WordedServices }) {
  const times = useTimes();
  const { why, suspect } = props;
  const difference = differenceOf(suspect);
  const caller = callerOf(suspect);
  const began = why.began_unix_us;
  const proof = suspect.evidence[0];
  const asked = props.services.services.find(({ name }) => name === (caller ?? suspect.service));
  const known = props.services.services.some(({ name }) => name === suspect.service);
  const wouldBe = why.counterfactual_p95_us < why.p95_us && duration(why.p95_us) !== duration(why.counterfactual_p95_us);
  return (
    <div class="home-cause">
      <h2 class="tone-bad"><span class="mark" aria-hidden="true">✕</span> The cause</h2>
      <p class="home-name">
        {suspect.or_service !== null && <>between {suspect.or_service} and </>}
        {known ? <a href={href("service", { name: suspect.service })}>{suspect.service}</a> : <strong>{suspect.service}</strong>}
        {" "}<span>{does(suspect)}:</span> <code>{operationOf(suspect)}</code>
      </p>
      <dl class="facts">
        {difference !== null && (
          <div>
            <dt>Change</dt>
            <dd><span class="soft">{difference.before}</span> → <strong>{difference.now}</strong> {difference.of}
              {why.slowdown_us > 0 && suspect.kind !== "error" && <>, {percent(suspect.share)} of the added time</>}</dd>
          </div>
        )}
        {began !== null && <div><dt>Since</dt><dd>{times.short(began)} <span class="soft">({ago(began)})</span></dd></div>}
        <div><dt>Where</dt><dd><Where why={why} hosts={asked?.hosts} caller={caller} isFailing={suspect.kind === "error"} /></dd></div>
        {wouldBe && <div><dt>P95</dt><dd><strong>{duration(why.p95_us)}</strong>, without this {duration(why.counterfactual_p95_us)} <span class="soft">(all requests)</span></dd></div>}
      </dl>
      <p class="actions">
        <a class="button button-first" href={href("why")}>Why, with the evidence</a>
        {proof !== undefined && <a class="button" href={href("trace", { id: proof.trace_id, span: proof.span_id })}>See it in a trace</a>}
        {proof !== undefined && <a class="button" href={href("compare", { a: proof.trace_id })}>Beside healthy traces</a>}
      </p>
      {why.further_causes.length > 0 && (
        <ul class="small">
          {why.further_causes.map((further) => <li key={further.component}>Another cause: <strong>{further.service}</strong> {does(further)} (<code>{operationOf(further)}</code>)</li>)}
        </ul>
      )}
    </div>
  );
}

/** The host or version that sets the slow spans apart; else all hosts, and that none stands out. */
function Where(props: { why: WordedWhy; hosts: { values: string[]; count: number } | undefined; caller: string | null; isFailing: boolean }) {
  const places = placesOf(props.why.standouts);
  const calledBy = props.caller === null ? null : <>, called by <a href={href("service", { name: props.caller })}>{props.caller}</a></>;
  if (places.length > 0) {
    const calls = props.isFailing ? "failing" : "slow";
    return (
      <>
        {places.map((found, at) => (
          <span key={found.key}>{at > 0 && "; "}<strong>{valueOf(found)}</strong>: {percent(found.affected)} of the {calls} calls, {percent(found.others)} of the others</span>
        ))}
        {calledBy}
      </>
    );
  }
  const values = props.hosts?.values ?? [];
  if (props.hosts === undefined || values.length === 0) return <>no host or version stands out{calledBy}</>;
  const shown = values.slice(0, MAX_HOSTS);
  const more = props.hosts.count - shown.length;
  const names = `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  if (props.caller !== null) return <>called by <a href={href("service", { name: props.caller })}>{props.caller}</a> on <strong>{names}</strong>; no host stands out</>;
  return props.hosts.count === 1 ? <>host <strong>{names}</strong>, the only one</> : <>hosts <strong>{names}</strong>: none stands out</>;
}
