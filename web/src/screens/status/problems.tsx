import type { ColonyStatus, Problem } from "../../api.ts";
import { counted } from "../../format/count.ts";
import { ago, useTimes, type Times } from "../../format/time.ts";
import { behind } from "../../parts/agent.ts";
import { Mark } from "../../parts/state.tsx";
import { Words } from "./words.tsx";

/** What a person has to look at, each with what to do. */
export function Problems({ of }: { of: ColonyStatus }) {
  const times = useTimes();
  if (of.problems.length === 0) {
    return <p class="status-fine"><Mark mark="✓" tone="good" word="No problem" /> <span>{of.agents.length === 1 ? "The agent answers" : "All agents answer"}, is no more than a minute behind, and every stored span can be read.</span></p>;
  }
  return (
    <ol class="problems">
      {of.problems.map((problem, at) => {
        const { what, remedy } = inWords(problem, of, times);
        return (
          <li key={at} class={`notice ${isWarning(problem) ? "notice-warn" : "notice-bad"}`}>
            <p><span class={`mark tone-${isWarning(problem) ? "warn" : "bad"}`} aria-hidden="true">{isWarning(problem) ? "!" : "✕"}</span> <strong>{what}</strong></p>
            <p><Words text={remedy} /></p>
          </li>
        );
      })}
    </ol>
  );
}

function isWarning({ kind }: Problem): boolean {
  return kind === "agent_behind" || kind === "agent_not_polled";
}

/** A problem as a sentence, and what to do. Commands stand between back quotes. */
export function inWords(problem: Problem, status: ColonyStatus, times: Times): { what: string; remedy: string } {
  const agent = "agent_id" in problem ? status.agents.find(({ agent_id }) => agent_id === problem.agent_id) : undefined;
  const because = agent?.last_error == null ? "" : ` The colony says: ${agent.last_error}.`;
  switch (problem.kind) {
    case "no_agents":
      return { what: "No agent is known, so nothing is collected.", remedy: status.encryption === "tls"
        ? "`coral colony token create --agent NAME` prints the command that starts one on another host."
        : "Name agents in `colony.agents`, or start one with `--set agent.colony=URL`." };
    case "agent_not_polled":
      return { what: `Agent ${problem.agent_id} has not been polled yet.`, remedy: "It is asked within seconds. If this stays, look at the log of the colony." };
    case "agent_unreachable": {
      const since = problem.answered_at_unix_us === null ? "since this colony started" : `since ${times.short(problem.answered_at_unix_us)} (${ago(problem.answered_at_unix_us)})`;
      return { what: `Agent ${problem.agent_id} has been unreachable ${since}: its spans are missing here.`,
        remedy: `Is its host up, and does \`coral agent\` run there?${agent === undefined ? "" : ` It is asked at ${agent.address}.`} It keeps spans for an hour by default, and they arrive when it is back.${because}` };
    }
    case "agent_unusable":
      return unusable(problem.agent_id, problem.state, because);
    case "cannot_store":
      return { what: `This colony cannot store the spans of agent ${problem.agent_id}.`, remedy: `Is the disk full, or not writable? The log of the colony names the file.${because}` };
    case "agent_behind":
      return { what: `This colony is ${behind(problem.seconds)} behind agent ${problem.agent_id}: its newest spans are missing here.`, remedy: "After an interruption the colony catches up by itself. If the number grows, the network or the disk of the colony is too slow." };
    case "beyla_not_working":
      return { what: `Beyla does not work on agent ${problem.agent_id}: ${ends(problem.beyla)}.`, remedy: "Programs without an SDK are not seen there. `sudo coral beyla doctor` on that host says what is missing." };
    case "shard_unavailable":
      return { what: `${problem.url} does not answer: nothing is stored, and questions about its traces fail.`, remedy: `Does ClickHouse run there? \`curl ${problem.url}/ping\` answers \`Ok.\`. Agents keep spans for an hour by default, and they arrive when the server is back. The colony says: ${ends(problem.error)}.` };
    case "spans_damaged":
      return { what: `${counted(problem.spans, "stored span")} cannot be read: a file is damaged.`, remedy: "`coral store repair` reads the file again, and keeps what can be read." };
  }
}

function unusable(agent: string, state: string, because: string): { what: string; remedy: string } {
  if (state === "refuses") return { what: `Agent ${agent} refuses to be polled.`, remedy: `It does not trust this colony. Let it join again: \`coral colony token create --agent ${agent}\` prints the command.${because}` };
  if (state === "too_old") return { what: `Agent ${agent} runs a version of Coral that is too old.`, remedy: `Update Coral on its host.${because}` };
  return { what: `Agent ${agent} sends replies that are not an agent's.`, remedy: `Something else may listen at its address.${because}` };
}

function ends(text: string): string {
  return text.replace(/[.\s]+$/, "");
}
