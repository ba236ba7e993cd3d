// How well an agent is, in words: the states of crates/query/src/status.
import type { AgentStatus } from "../api.ts";

/** An agent that is further behind is a problem. */
const MAX_BEHIND_SECONDS = 60;
const BROKEN_BEYLA = ["unavailable", "degraded", "crashloop"];

export interface AgentState {
  mark: string;
  tone: string;
  word: string;
  /** What the colony or the agent says about it; null when it is well. */
  reason: string | null;
}

const WORDS: Record<string, string> = {
  not_polled: "not polled yet",
  unreachable: "unreachable",
  refuses: "refuses to be polled",
  too_old: "runs a Coral that is too old",
  nonsense: "sends replies that are not an agent's",
  cannot_store: "its spans cannot be stored here",
  polled_elsewhere: "polled by another colony",
};

export function stateOf(agent: AgentStatus): AgentState {
  if (agent.state !== "ok") {
    const isUnknown = agent.state === "not_polled" || agent.state === "polled_elsewhere";
    return { mark: isUnknown ? "?" : "✕", tone: isUnknown ? "soft" : "bad", word: WORDS[agent.state] ?? agent.state.replaceAll("_", " "), reason: agent.last_error };
  }
  if (beylaIsBroken(agent.beyla)) return { mark: "✕", tone: "bad", word: "Beyla does not work", reason: agent.beyla };
  if ((agent.lag_seconds ?? 0) > MAX_BEHIND_SECONDS) return { mark: "!", tone: "warn", word: "behind", reason: null };
  return { mark: "✓", tone: "good", word: "ok", reason: null };
}

export function isWell(agent: AgentStatus): boolean {
  return stateOf(agent).tone === "good";
}

/** Whether Beyla should run and does not. */
export function beylaIsBroken(beyla: string | null): boolean {
  return beyla !== null && BROKEN_BEYLA.some((state) => beyla.startsWith(state));
}

/** `0.8 s`, `74 s`, `13 min`, `2 h`. */
export function behind(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
