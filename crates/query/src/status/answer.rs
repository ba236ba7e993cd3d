//! The state of a colony.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of a colony: one entry per agent, and the colony's own counters.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ColonyStatus {
    /// The version of Coral that the colony runs.
    pub version: String,
    /// The agents, sorted by id.
    pub agents: Vec<AgentStatus>,
    /// The DuckDB library that SQL queries would be answered with.
    #[serde(default)]
    pub sql_library: SqlLibrary,
    /// Counters and gauges, by the names that they have on `/metrics`.
    pub counters: BTreeMap<String, u64>,
}

/// The polling state of one agent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AgentStatus {
    /// The agent's id.
    pub agent_id: String,
    /// The URL at which the agent is polled.
    pub address: String,
    /// How the colony knows of the agent: `configured` or `registered`.
    pub known_by: String,
    /// `ok`, `not_polled` (before the first poll), or how the last poll failed: `unreachable`,
    /// `refuses`, `too_old`, `nonsense` (the reply is not one that an agent sends), `cannot_store`
    /// (this colony could not store the data).
    #[serde(default)]
    pub state: String,
    /// Whether anything replied to the last poll, even with an error.
    pub reachable: bool,
    /// How many receipts the agent has issued that this colony has not stored yet; null before the
    /// first poll.
    pub lag_receipts: Option<u64>,
    /// Seconds since this colony last held everything that the agent had stored; null if it never
    /// did.
    pub lag_seconds: Option<f64>,
    /// The error of the last poll; null when the last poll succeeded.
    pub last_error: Option<String>,
    /// Spans of this agent that this colony has stored since its store was created.
    pub spans_stored: u64,
    /// Spans that expired on the agent before this colony had polled them.
    pub spans_missed: u64,
    /// Spans received from this agent that can never be stored, since the colony started.
    #[serde(default)]
    pub spans_refused: u64,
    /// Why the most recent span or metric was refused; null when none was.
    #[serde(default)]
    pub last_refusal: Option<String>,
    /// State and reason of the Beyla that the agent runs; null before the first poll, and for
    /// agents that do not report the state.
    #[serde(default)]
    pub beyla: Option<String>,
}

/// The DuckDB library that a colony answers SQL queries with.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct SqlLibrary {
    /// The path of the library; null when none was found.
    pub path: Option<String>,
    /// Which setting or search location the library was found by; null when none was found.
    pub found_by: Option<String>,
    /// Why no library could be used; null when one was found.
    pub reason: Option<String>,
}
