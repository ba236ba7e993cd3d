import { href } from "../../address.ts";
import type { Asked } from "../../answer.tsx";
import { Answer } from "../../answer.tsx";
import type { AgentStatus, ColonyStatus, UntracedServices } from "../../api.ts";
import { counted } from "../../format/count.ts";
import { Mark } from "../../parts/state.tsx";
import { behind, isWell, stateOf } from "../../parts/agent.ts";
import { useTimes } from "../../format/time.ts";

/** One line about agents, for the head of the page. */
export function AgentsLine({ of }: { of: Asked<ColonyStatus> }) {
  const { answer } = of;
  if (answer === null) return <>agents: …</>;
  if (answer.agents.length === 0) return <a href={href("status")}><Mark mark="!" tone="warn" word="no agent is known" /></a>;
  const sick = answer.agents.filter((agent) => !isWell(agent));
  const [first] = sick;
  if (first === undefined) return <a href={href("status")}>{counted(answer.agents.length, "agent")} ok</a>;
  const word = sick.length === 1 ? `agent ${first.agent_id}: ${stateOf(first).word}` : `${sick.length} of ${counted(answer.agents.length, "agent")} not well`;
  return <a href={href("status")}><Mark mark="✕" tone="bad" word={word} /></a>;
}

/** Agents that are behind or degraded, and services that no agent traces. */
export function AgentsSection(props: { of: Asked<ColonyStatus>; untraced: readonly UntracedServices[] }) {
  return (
    <section class="section">
      <div class="head"><h2>Agents</h2><a class="small" href={href("status")}>Status</a></div>
      <Answer of={props.of} what="the state of agents">{(status) => <Agents of={status} />}</Answer>
      {props.untraced.map(({ agent_id, services }) => (
        <p key={agent_id} class="notice notice-warn">
          Beyla on <strong>{agent_id}</strong> does not trace {services.map(({ name, port }) => `${name}:${port}`).join(", ")}, which listen there.{" "}
          <code>sudo coral connect NAME:PORT</code> on that host adds one.
        </p>
      ))}
    </section>
  );
}

function Agents({ of }: { of: ColonyStatus }) {
  const sick = of.agents.filter((agent) => !isWell(agent));
  const well = of.agents.length - sick.length;
  const spans = of.agents.reduce((sum, agent) => sum + (agent.spans_per_second ?? 0), 0);
  return (
    <>
      <ul class="agents-short">{sick.map((agent) => <li key={agent.agent_id}><Agent of={agent} /></li>)}</ul>
      {of.agents.length === 0 && <p>No agent is known, so nothing is collected.</p>}
      {well > 0 && <p><Mark mark="✓" tone="good" word={sick.length === 0 ? (well === 1 ? "The agent is ok" : `All ${well} agents are ok`) : `${counted(well, "agent")} ok`} /> <span class="soft">{spans.toFixed(1)} spans per second in the last minute.</span></p>}
    </>
  );
}

function Agent({ of }: { of: AgentStatus }) {
  const times = useTimes();
  const state = stateOf(of);
  return (
    <>
      <strong>{of.agent_id}</strong> <Mark mark={state.mark} tone={state.tone} word={state.word} />
      {!of.reachable && of.answered_at_unix_us !== null && <> since {times.short(of.answered_at_unix_us)}: its spans since then are missing here</>}
      {of.reachable && of.lag_seconds !== null && of.lag_seconds >= 1 && <>, {behind(of.lag_seconds)} behind</>}
      {state.reason !== null && <span class="soft"> · {state.reason}</span>}
    </>
  );
}
