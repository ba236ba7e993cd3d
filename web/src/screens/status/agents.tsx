import type { AgentStatus, ColonyStatus } from "../../api.ts";
import { count } from "../../format/count.ts";
import { ago, useTimes } from "../../format/time.ts";
import { beylaIsBroken, behind, isWell, stateOf } from "../../parts/agent.ts";
import { Mark } from "../../parts/state.tsx";
import { Words } from "./words.tsx";

const SHOWN = 60;

/** All agents, those that are not well first. */
export function Agents({ of }: { of: ColonyStatus }) {
  if (of.agents.length === 0) return null;
  const agents = of.agents.toSorted((one, other) => Number(isWell(one)) - Number(isWell(other)));
  return (
    <section class="section">
      <h2>Agents</h2>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Agents">
        <table class="cards agents-table">
          <thead><tr><th>Agent</th><th>State</th><th>Beyla</th><th class="number">Behind</th><th class="number">Spans/s</th><th class="number">Last stored</th><th class="number">Stored</th><th class="number">Missed</th><th class="number">Refused</th><th>Coral</th></tr></thead>
          <tbody>{agents.slice(0, SHOWN).map((agent) => <Row key={agent.agent_id} of={agent} />)}</tbody>
        </table>
      </div>
      {agents.length > SHOWN && <p class="soft small">{count(agents.length - SHOWN)} more are as well as the last one.</p>}
      {agents.filter(({ untraced }) => (untraced?.length ?? 0) > 0).slice(0, 5).map(({ agent_id, untraced }) => (
        <p key={agent_id} class="notice notice-warn">Beyla on <strong>{agent_id}</strong> does not trace {untraced?.map(({ name, port }) => `${name}:${port}`).join(", ")}, which listen there. <code>sudo coral connect NAME:PORT</code> on that host adds one.</p>
      ))}
    </section>
  );
}

function Row({ of }: { of: AgentStatus }) {
  const times = useTimes();
  const state = stateOf(of);
  return (
    <tr class={isWell(of) ? undefined : "sick"}>
      <th scope="row"><span tabIndex={-1} data-row>{of.agent_id}</span><span class="agent-address">{of.address}, {of.known_by}</span></th>
      <td class="wide" data-label="State">
        <Mark mark={state.mark} tone={state.tone} word={state.word} />
        {!of.reachable && of.answered_at_unix_us !== null && <> since {times.short(of.answered_at_unix_us)}</>}
        {of.last_error !== null && <span class="agent-reason">{of.last_error}</span>}
        {of.last_refusal !== null && <span class="agent-reason">Refused a span: {of.last_refusal}</span>}
      </td>
      <td class="wide" data-label="Beyla"><Beyla of={of} /></td>
      <td class="number" data-label="Behind">{of.lag_seconds === null ? "–" : behind(of.lag_seconds)}</td>
      <td class="number" data-label="Spans/s">{of.spans_per_second === null ? "–" : of.spans_per_second.toFixed(1)}</td>
      <td class="number" data-label="Last stored">{of.spans_at_unix_us === null ? "–" : ago(of.spans_at_unix_us)}</td>
      <td class="number" data-label="Stored">{count(of.spans_stored)}</td>
      <td class={`number${of.spans_missed > 0 ? " tone-bad" : ""}`} data-label="Missed"><Lost count={of.spans_missed} /></td>
      <td class={`number${of.spans_refused > 0 ? " tone-bad" : ""}`} data-label="Refused"><Lost count={of.spans_refused} /></td>
      <td data-label="Coral">{of.version ?? "–"}</td>
    </tr>
  );
}

function Lost(props: { count: number }) {
  return props.count === 0 ? <>0</> : <><span aria-hidden="true">✕ </span>{count(props.count)}</>;
}

/** The state of Beyla in a word, and its reason. */
function Beyla({ of }: { of: AgentStatus }) {
  if (of.beyla === null) return <span class="soft">not said</span>;
  const [, word = of.beyla, rest = ""] = /^(\S+?):?(?:\s+([\s\S]*))?$/.exec(of.beyla) ?? [];
  const reason = rest.replace(/^\(([\s\S]*)\)$/, "$1");
  const isBroken = beylaIsBroken(of.beyla);
  return (
    <>
      <Mark mark={isBroken ? "✕" : word === "running" ? "✓" : "–"} tone={isBroken ? "bad" : word === "running" ? "good" : "soft"} word={`${of.reachable ? "" : "was "}${word}`} />
      {reason !== "" && <span class="agent-reason"><Words text={reason} /></span>}
    </>
  );
}
