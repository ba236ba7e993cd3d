//! Colony: how far each agent's metrics are stored.

use serde::{Deserialize, Serialize};

/// How far the metrics of one agent are stored.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct MetricCheckpoint {
    /// The agent.
    pub agent_id: String,
    /// The agent's store. When the agent answers with another one, begin again at 0.
    pub store_id: String,
    /// The receipt to ask after.
    pub next_receipt: u64,
    /// Rows stored here, since this store was made.
    pub rows_stored: u64,
    /// Rows that expired on the agent before they were polled.
    pub rows_missed: u64,
}
