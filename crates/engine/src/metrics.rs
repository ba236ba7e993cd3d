//! Reading metrics.

use std::sync::Arc;

use coral_trace::red::{Delta, Protocol, Side};
use coral_trace::{TimeRange, UnixNanos};

use crate::budget::Budget;
use crate::error::EngineError;
use crate::extent::MetricExtent;

/// Answers from stored metrics. Every call blocks, and may be repeated.
pub trait MetricReader: Send + Sync {
    /// Shows every row that `wanted` asks for to `visit`, in no particular order, each once.
    ///
    /// Sums are the caller's: rows of several agents and several series come side by side.
    ///
    /// # Errors
    /// [`EngineError`]; `visit` may have been shown some rows by then, and a sum of them MUST NOT be used.
    fn deltas(
        &self,
        wanted: &DeltaQuery,
        budget: &Budget,
        visit: &mut dyn FnMut(&StoredDelta),
    ) -> Result<(), EngineError>;

    /// What is stored of metrics. Waits for nothing that a disk may take long for.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`].
    fn metric_extent(&self) -> Result<MetricExtent, EngineError>;
}

/// Which rows of metrics.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeltaQuery {
    /// Of this protocol.
    pub protocol: Protocol,
    /// Whose counts were true at a time in this range: half-open.
    pub range: TimeRange,
    /// Of the service with exactly this name; of every service when there is none.
    pub service: Option<String>,
    /// Of requests that the service served, or made; of both when it is not said.
    pub side: Option<Side>,
}

/// One row of metrics: requests that were counted once.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredDelta {
    /// Its place in the engine's sequence of metrics; 0 in an engine without receipts.
    pub receipt: u64,
    /// The agent that received it; empty on that agent.
    pub agent_id: Arc<str>,
    /// When this engine got it.
    pub received: UnixNanos,
    /// What it says.
    pub delta: Delta,
}

impl DeltaQuery {
    /// Whether this query asks for `delta`.
    pub fn wants(&self, delta: &Delta) -> bool {
        let series = &delta.series;
        series.protocol == self.protocol
            && self.range.contains(delta.time)
            && self.side.is_none_or(|side| side == series.side)
            && self.service.as_ref().is_none_or(|service| *service == series.service)
    }
}
