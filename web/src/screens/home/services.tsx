import { amend, href, type Address } from "../../address.ts";
import { Answer, type Asked } from "../../answer.tsx";
import type { Health, ServiceState, WhySuspect, WordedServices } from "../../api.ts";
import { count, percent, perSecond, rate } from "../../format/count.ts";
import { ago } from "../../format/time.ts";
import { p95, reasonOf } from "../../parts/reason.ts";
import { Service } from "../../parts/service.tsx";
import { Sparkline } from "../../parts/sparkline.tsx";
import { State } from "../../parts/state.tsx";
import type { Window } from "../../window.ts";
import { sorted, SORTS, type Sort } from "./sort.ts";

const PAGE = 40;

interface Props {
  of: Asked<WordedServices>;
  address: Address;
  window: Window;
  /** The cause of what is wrong; null when none is known. */
  cause: WhySuspect | null;
}

/** All services, those that are not well first. */
export function ServicesSection(props: Props) {
  const sort = (SORTS.find((sort) => sort === props.address.params.get("sort")) ?? "health") as Sort;
  const first = Math.max(0, Number(props.address.params.get("first") ?? 0) || 0);
  return (
    <section class={`section${props.of.answer === null ? " home-services-soon" : ""}`}>
      <h2>Services</h2>
      <Answer of={props.of} what="services">
        {(answer) => answer.services.length === 0
          ? <NoServices />
          : <Table rows={sorted(answer.services, sort)} leftOut={answer.services_left_out} sort={sort} first={first} cause={props.cause} />}
      </Answer>
    </section>
  );
}

function NoServices() {
  return (
    <div class="notice">
      <p>No service was seen in this window, although spans are stored.</p>
      <p class="actions">
        {["1h", "6h", "1d", "7d"].map((since) => <a key={since} class="button" href={href("", { since })}>Look at {since}</a>)}
      </p>
    </div>
  );
}

function Table(props: { rows: ServiceState[]; leftOut: number; sort: Sort; first: number; cause: WhySuspect | null }) {
  const { rows, first } = props;
  const shown = rows.slice(first, first + PAGE);
  const hasRatio = rows.some(({ complete_ratio }) => complete_ratio != null);
  const heading = (sort: Sort, text: string, isNumber = false) => (
    <th class={isNumber ? "number" : undefined} aria-sort={props.sort === sort ? (isNumber ? "descending" : "ascending") : undefined}>
      <button type="button" class="sort" onClick={() => amend({ sort: sort === "health" ? null : sort, first: null })}>{text}{props.sort === sort && <span aria-hidden="true"> ▾</span>}</button>
    </th>
  );
  return (
    <>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Services by health">
        <table class="services cards">
          <thead>
            <tr>
              {heading("name", "Service")}
              {heading("health", "State and reason")}
              {heading("requests", "Requests/s", true)}
              {heading("errors", "Errors", true)}
              {heading("p95", "P95", true)}
              <th class="number">Before</th>
              {hasRatio && <th class="number" title="Of the spans that traces of the service should have, how many are stored">Complete</th>}
              <th>Hosts</th>
              <th class="number">Seen</th>
            </tr>
          </thead>
          <tbody>{shown.map((row) => <Row key={row.name} of={row} cause={props.cause} hasRatio={hasRatio} />)}</tbody>
        </table>
      </div>
      {(rows.length > PAGE || props.leftOut > 0) && (
        <p class="small actions">
          <span>{first + 1} to {first + shown.length} of {count(rows.length + props.leftOut)}</span>
          {first > 0 && <button type="button" onClick={() => amend({ first: Math.max(0, first - PAGE) || null })}>Earlier</button>}
          {first + PAGE < rows.length && <button type="button" onClick={() => amend({ first: first + PAGE })}>Next {PAGE}</button>}
          {props.leftOut > 0 && <span class="soft">{count(props.leftOut)} are not listed, no worse than the last one.</span>}
        </p>
      )}
    </>
  );
}

const MAX_HOST = 40;
const MAX_REASON = 200;

/** `text`, cut where it is too long for a cell. */
function short(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

const SICK: readonly Health[] = ["failing", "slow", "not_seen", "fewer_requests"];

function Row({ of, cause, hasRatio }: { of: ServiceState; cause: WhySuspect | null; hasRatio: boolean }) {
  const { now, series } = of;
  const isSick = SICK.includes(of.health);
  const hosts = of.hosts.values.slice(0, 2).map((host) => short(host, MAX_HOST)).join(", ") + (of.hosts.count > 2 ? ` and ${of.hosts.count - 2} more` : "");
  return (
    <tr class={isSick ? "sick" : undefined}>
      <th scope="row"><Service name={of.name} /></th>
      <td class="services-state" data-label="State">
        <State health={of.health} /> <span class="services-reason">{short(reasonOf(of), MAX_REASON)}</span>
        {isSick && <a class="row-link small" href={href("why", { service: of.name })} aria-label={`Why is ${of.name} not well`}>Why</a>}
        <CauseOf of={of} cause={cause} />
      </td>
      <td class="number" data-label="Requests/s">
        <span class="with-line">{now.estimate != null && "~"}{perSecond(now.requests_per_second)}{series != null && <Sparkline values={series.requests} says={`Requests over time, ${count(now.requests)} in all`} />}</span>
      </td>
      <td class={`number${of.health === "failing" ? " tone-bad" : ""}`} data-label="Errors">
        <span class="with-line">{now.requests === 0 ? "–" : rate(now.error_rate)}{series != null && <Sparkline values={series.errors} says={`Errors over time, ${count(now.errors)} in all`} tone="bad" max={2} />}</span>
      </td>
      <td class={`number${of.health === "slow" || of.is_slow_too ? " tone-bad" : ""}`} data-label="P95">
        <span class="with-line">{p95(now)}{series != null && <Sparkline values={series.p95_us} says={`P95 over time, now ${p95(now)}`} tone={of.health === "slow" ? "bad" : "plain"} />}</span>
      </td>
      <td class="number soft" data-label="P95 before">{of.before === null ? "–" : p95(of.before)}</td>
      {hasRatio && <td class="number" data-label="Complete">{of.complete_ratio == null ? <span class="soft" title="Not known">–</span> : percent(of.complete_ratio)}</td>}
      <td data-label="Hosts">{hosts === "" ? "–" : hosts}</td>
      <td class="number soft" data-label="Seen">{of.last_seen_unix_us === null ? "–" : ago(of.last_seen_unix_us)}</td>
    </tr>
  );
}

/** Says at a service that the cause is there, or in a call that it makes. */
function CauseOf({ of, cause }: { of: ServiceState; cause: WhySuspect | null }) {
  if (cause === null) return null;
  if (cause.service === of.name) return <span class="services-cause">The cause is here: {cause.component}</span>;
  return cause.component.startsWith(`${of.name} → `) ? <span class="services-cause">It waits for {cause.service}, the cause</span> : null;
}
