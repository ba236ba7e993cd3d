// One service: how well it is, its requests over time, what it serves, and whom it calls.
import { amend, go, href } from "../../address.ts";
import { Answer, useAnswer } from "../../answer.tsx";
import type { Health, ServiceDetail, WordedServices } from "../../api.ts";
import { ago, useTimes } from "../../format/time.ts";
import { useKeys } from "../../frame/keys.ts";
import { useTitle } from "../../frame/title.ts";
import type { ScreenProps } from "../../main.tsx";
import { Command } from "../../parts/command.tsx";
import { Gaps } from "../../parts/gaps.tsx";
import { useListKeys } from "../../parts/list-keys.ts";
import { reasonOf } from "../../parts/reason.ts";
import { State } from "../../parts/state.tsx";
import { Calls } from "./calls.tsx";
import { differences } from "./differs.ts";
import { Places } from "./places.tsx";
import { Operations } from "./operations.tsx";
import { OverTime } from "./over-time.tsx";
import { Statements } from "./statements.tsx";
import { Tiles } from "./tiles.tsx";
import { quoted } from "./quoted.ts";
import { SlowTraces } from "./slow-traces.tsx";
import { command } from "../../shell.ts";

const SICK: readonly Health[] = ["failing", "slow", "not_seen", "fewer_requests"];

export function ServiceScreen({ address, window }: ScreenProps) {
  const name = address.params.get("name") ?? "";
  useTitle(name === "" ? "Service" : name);
  useListKeys("Service", ".service-screen a.row-link");
  const links = { why: href("why", { service: name }), traces: href("traces", { q: `service:${quoted(name)}` }), map: href("map", { focus: name }) };
  useKeys("Service", [
    { keys: "w", does: "why", run: () => go(links.why) },
    { keys: "v", does: "traces of the service", run: () => go(links.traces) },
    { keys: "T", does: "charts as a table, and back", run: () => amend({ table: address.params.has("table") ? null : 1 }) },
  ]);
  const windows = { ...window.ask, baseline: "1h", find_beginning: window.isDefault };
  const services = useAnswer("services", name === "" ? null : { ...windows, service: name });
  const { answer } = services;
  const state = answer?.services.find((service) => service.name === name);
  if (name === "") return <NoName />;
  return (
    <div class="service-screen">
      <div class="service-head">
        <div>
          <h1>{name}</h1>
          <p class="service-verdict">{state === undefined
            ? <span class="soft">{answer === null ? "Reading how well it is…" : answer.verdict}</span>
            : <><State health={state.health} /> {reasonOf(state)}{state.began_unix_us !== null && <Since us={state.began_unix_us} />}</>}
          </p>
        </div>
        <p class="actions">
          <a class="button button-first" href={links.why}>Why</a>
          <a class="button" href={links.traces}>Traces</a>
          <a class="button" href={links.map}>Map</a>
        </p>
      </div>
      <Answer of={services} what={name}>
        {(answer) => state === undefined ? <NotSeen name={name} of={answer} /> : <Tiles of={state} />}
      </Answer>
      {answer?.detail != null && state !== undefined && SICK.includes(state.health) && <Differs of={answer.detail} />}
      <Gaps coverage={answer?.coverage} />
      {state !== undefined && <OverTime name={name} state={state} address={address} window={window} answer={answer} />}
      {answer?.detail != null && state !== undefined && (
        <>
          <Operations of={answer.detail} service={name} address={address} />
          <div class="service-pairs">
            <Calls title="Called by" calls={answer.detail.callers} end="from" none="No caller was seen: requests come from outside, or their callers are not traced." />
            <Calls title="Calls" calls={answer.detail.callees} end="to" none="It calls nothing that was seen." />
          </div>
          <Statements of={answer.detail} service={name} />
          <div class="service-pairs">
            <Places title="Hosts" of={answer.detail.hosts} service={name} none="Spans of it name no host." />
            <Places title="Versions" of={answer.detail.versions} service={name} none="Spans of it name no version." />
          </div>
        </>
      )}
      {state !== undefined && <SlowTraces service={name} window={window} />}
      {(answer !== null || services.error !== null) && <Command text={command("coral services", [name], window.flags)} />}
    </div>
  );
}

/** The largest differences, above the numbers that show them. */
function Differs({ of }: { of: ServiceDetail }) {
  const found = differences(of);
  if (found.length === 0) return null;
  return (
    <section class="differs" aria-label="What differs most">
      <h2>Differs most</h2>
      <ul>{found.map(({ what, kind, says }) => <li key={`${kind} ${what}`}><span class="soft">{kind}</span> <strong>{what}</strong>: {says}</li>)}</ul>
    </section>
  );
}

function Since({ us }: { us: number }) {
  const times = useTimes();
  return <span class="soft">, since {times.short(us)} ({ago(us)})</span>;
}

function NotSeen(props: { name: string; of: WordedServices }) {
  const { did_you_mean } = props.of;
  return (
    <div class="notice notice-warn">
      <p>No span or metric of <strong>{props.name}</strong> was seen in this window or in the hour before.</p>
      {did_you_mean.length > 0 && (
        <p>Did you mean {did_you_mean.map((name, at) => <span key={name}>{at > 0 && " or "}<a href={href("service", { name })}>{name}</a></span>)}?</p>
      )}
      <p class="actions">{["1h", "6h", "1d", "7d"].map((since) => <a key={since} class="button" href={href("service", { name: props.name, since })}>Look at {since}</a>)}</p>
    </div>
  );
}

function NoName() {
  return (
    <div class="service-screen">
      <h1>Service</h1>
      <p>The address names no service. <a href={href("")}>Home lists all services.</a></p>
    </div>
  );
}
