//! How a colony is.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `coral colony status`: one entry per agent, and the colony's own counters.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ColonyStatus {
    /// Coral's version.
    pub version: String,
    /// In order of their ids.
    pub agents: Vec<AgentStatus>,
    /// DuckDB's library, with which questions in SQL would be answered.
    #[serde(default)]
    pub sql_library: SqlLibrary,
    /// Counters and gauges under the names that /metrics gives them.
    pub counters: BTreeMap<String, u64>,
}

/// How polling one agent goes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AgentStatus {
    /// The agent's id.
    pub agent_id: String,
    /// Where it is polled.
    pub address: String,
    /// `configured` or `registered`.
    pub known_by: String,
    /// `ok`; `not_polled` before the first poll; what went wrong with the last one: `unreachable`, `refuses`,
    /// `too_old`, `nonsense` (it answers what no agent does), `cannot_store` (this colony's fault).
    #[serde(default)]
    pub state: String,
    /// Somebody answered the last poll, whatever it was.
    pub reachable: bool,
    /// Receipts the agent has given out and this colony has not stored; null before the first poll.
    pub lag_receipts: Option<u64>,
    /// Seconds since the colony last held everything the agent had; null when it never did.
    pub lag_seconds: Option<f64>,
    /// What went wrong with the last poll; null when it succeeded.
    pub last_error: Option<String>,
    /// Spans of this agent stored here since the colony's store was made.
    pub spans_stored: u64,
    /// Spans that expired on the agent before this colony polled them.
    pub spans_missed: u64,
    /// Spans that came and can never be stored, since the colony started.
    #[serde(default)]
    pub spans_refused: u64,
    /// Why, for the last of them or of its metrics; null when there is none.
    #[serde(default)]
    pub last_refusal: Option<String>,
    /// State and reason of the Beyla that the agent runs; null before the first poll, and of agents that do
    /// not say it.
    #[serde(default)]
    pub beyla: Option<String>,
}

/// DuckDB's library, with which a colony answers SQL.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct SqlLibrary {
    /// The file; null when there is none.
    pub path: Option<String>,
    /// How it was found; null when it was not.
    pub found_by: Option<String>,
    /// Why there is none; null when there is one.
    pub reason: Option<String>,
}
