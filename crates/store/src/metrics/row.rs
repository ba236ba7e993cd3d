//! A row of metrics.

use std::sync::Arc;

use coral_trace::UnixNanos;
use coral_trace::red::Delta;

/// One row: requests that were counted once.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredDelta {
    /// Its place in the store's sequence of metrics.
    pub receipt: u64,
    /// The agent that received it; empty on that agent.
    pub agent_id: Arc<str>,
    /// When this store got it.
    pub received: UnixNanos,
    /// What it says.
    pub delta: Delta,
}
