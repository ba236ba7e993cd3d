//! The status of an agent, as JSON.

use std::collections::BTreeMap;

use coral_beyla::status::BeylaStatus;
use serde::{Deserialize, Serialize};

/// The status of an agent: `coral agent status`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AgentSelfStatus {
    /// The version of Coral that the agent runs.
    pub version: String,
    /// The agent's id.
    pub agent_id: String,
    /// Counters and gauges, by the names that they have on `/metrics`.
    pub counters: BTreeMap<String, u64>,
    /// The status of the Beyla that the agent runs; null for agents that do not report one.
    #[serde(default)]
    pub beyla: Option<BeylaStatus>,
}
