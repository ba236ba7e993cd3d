//! Reads metrics.

use std::sync::Arc;

use coral_trace::red::{Delta, Protocol, Side};
use coral_trace::{TimeRange, UnixNanos};

use crate::budget::Budget;
use crate::error::EngineError;
use crate::extent::MetricExtent;

/// Reads stored metrics. Every call blocks, and may be repeated.
pub trait MetricReader: Send + Sync {
    /// Calls `visit` once with each row that matches `wanted`, in no particular order.
    ///
    /// Rows of several agents and series are not summed.
    ///
    /// # Errors
    /// [`EngineError`]; `visit` may have been called already, and a sum of those rows MUST NOT be
    /// used.
    fn deltas(
        &self,
        wanted: &DeltaQuery,
        budget: &Budget,
        visit: &mut dyn FnMut(&StoredDelta),
    ) -> Result<(), EngineError>;

    /// How much the engine holds of metrics. The call does not wait for the disk.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`].
    fn metric_extent(&self) -> Result<MetricExtent, EngineError>;
}

/// Selects rows of metrics.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeltaQuery {
    /// Rows of this protocol.
    pub protocol: Protocol,
    /// Rows whose time is in this half-open range.
    pub range: TimeRange,
    /// Rows of exactly this service; of every service if `None`.
    pub service: Option<String>,
    /// Rows of requests that the service served, or rows of requests that it made; both if `None`.
    pub side: Option<Side>,
}

/// One stored row of metrics: requests that were not counted before.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredDelta {
    /// Receipt in the engine's sequence of metrics; 0 in an engine without receipts.
    pub receipt: u64,
    /// The agent that received the row; empty in that agent's own store.
    pub agent_id: Arc<str>,
    /// When this engine received the row.
    pub received: UnixNanos,
    /// The requests of the row.
    pub delta: Delta,
}

impl DeltaQuery {
    /// Whether `delta` is a row that this query selects.
    pub fn wants(&self, delta: &Delta) -> bool {
        let series = &delta.series;
        series.protocol == self.protocol
            && self.range.contains(delta.time)
            && self.side.is_none_or(|side| side == series.side)
            && self.service.as_ref().is_none_or(|service| *service == series.service)
    }
}
