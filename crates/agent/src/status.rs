//! What an agent says of itself: documented JSON.

use std::collections::BTreeMap;

use coral_beyla::status::BeylaStatus;
use serde::{Deserialize, Serialize};

/// `coral agent status`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AgentSelfStatus {
    /// Coral's version.
    pub version: String,
    /// The agent's id.
    pub agent_id: String,
    /// Counters and gauges under the names that /metrics gives them.
    pub counters: BTreeMap<String, u64>,
    /// The Beyla that it runs; null of agents that do not say it.
    #[serde(default)]
    pub beyla: Option<BeylaStatus>,
}
