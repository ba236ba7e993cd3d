//! Status of an agent, as `GET /api/v1/status` answers it in JSON.

use std::collections::BTreeMap;

use coral_beyla::status::BeylaStatus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Status of an agent, which `coral agent status` prints.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AgentSelfStatus {
    /// Version of Coral.
    pub version: String,
    /// Id of the agent.
    pub agent_id: String,
    /// Counters and gauges since the start of the process, by the names that `/metrics` has.
    pub counters: BTreeMap<String, u64>,
    /// Status of the Beyla that the agent runs; null from an agent of an older version.
    #[serde(default)]
    pub beyla: Option<BeylaStatus>,
}
