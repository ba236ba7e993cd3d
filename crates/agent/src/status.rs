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
    /// How what the agent sends is encrypted: `tls`; `loopback`, where it does not leave the host; or
    /// `insecure_plaintext`, where everybody on the network can read it. Empty from an older agent.
    #[serde(default)]
    pub encryption: String,
    /// Relation of the agent to its colony; null from an agent of an older version.
    #[serde(default)]
    pub colony: Option<ColonyLinkStatus>,
}

/// Relation of an agent to its colony, as the agent sees it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ColonyLinkStatus {
    /// URL of the colony at which the agent registers: `agent.colony`; null when none is
    /// configured.
    pub url: Option<String>,
    /// When the colony last accepted a registration: microseconds since the Unix epoch; null when
    /// it has accepted none since the agent started.
    pub registered_at_unix_us: Option<i64>,
    /// Why the last registration failed; null when it succeeded.
    pub last_error: Option<String>,
    /// When a colony last asked for spans or metrics: microseconds since the Unix epoch; null when
    /// none has asked since the agent started.
    pub polled_at_unix_us: Option<i64>,
}
