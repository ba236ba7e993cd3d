//! Reads metrics.

use std::sync::Arc;

use coral_trace::red::{Delta, Protocol, Series, Side};
use coral_trace::{TimeRange, UnixNanos};

use crate::budget::Budget;
use crate::error::EngineError;
use crate::extent::MetricExtent;

/// Reads stored metrics. Every call blocks, and may be repeated.
pub trait MetricReader: Send + Sync {
    /// Calls `visit` with the rows that match `wanted`, in no particular order: with each row once,
    /// or once with the sum of several rows where [`DeltaQuery::grain`] allows sums.
    ///
    /// An engine reads as little as `wanted` needs: rows of other services cost neither memory nor
    /// rows of the budget, except those that are stored next to wanted ones.
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

/// Selects rows of metrics, and what is wanted of each row.
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
    /// Rows with exactly this operation or this target; all if `None`.
    pub name: Option<String>,
    /// Whether exemplars are wanted. If not, the engine may leave them out, which costs less.
    pub exemplars: bool,
    /// Which rows the engine may sum.
    pub grain: Grain,
}

/// Which rows an engine may visit as one row, their sum. The rows of one sum have the same series,
/// the same agent and the same bucket bounds. The sum has all their requests and exemplars, the
/// earliest [`Delta::since`] and the latest [`Delta::time`]. Its receipt says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grain {
    /// None: each stored row is visited.
    Row,
    /// Rows whose times are in the same step. Step `n` begins at `start + n * step` nanoseconds;
    /// times before `start` are in step 0. A `step` of 0 counts as 1.
    Step {
        /// When the first step begins.
        start: UnixNanos,
        /// The length of a step in nanoseconds.
        step: u64,
    },
    /// All rows of the range.
    Range,
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
    /// Every row of `protocol` in `range`, each visited with its exemplars.
    pub const fn all(protocol: Protocol, range: TimeRange) -> Self {
        let (service, side, name) = (None, None, None);
        Self { protocol, range, service, side, name, exemplars: true, grain: Grain::Row }
    }

    /// Whether `delta` is a row that this query selects.
    pub fn wants(&self, delta: &Delta) -> bool {
        self.range.contains(delta.time) && self.wants_series(&delta.series)
    }

    /// Whether this query selects rows of `series`.
    pub fn wants_series(&self, series: &Series) -> bool {
        series.protocol == self.protocol
            && self.side.is_none_or(|side| side == series.side)
            && self.service.as_ref().is_none_or(|service| *service == series.service)
            && self
                .name
                .as_ref()
                .is_none_or(|name| [&series.operation, &series.target].contains(&name))
    }
}

impl Grain {
    /// The number of the step of `time`. Rows of different steps are not summed. `None` if no rows
    /// are summed.
    pub fn step_of(self, time: UnixNanos) -> Option<u64> {
        match self {
            Self::Row => None,
            Self::Step { start, step } => Some(time.0.saturating_sub(start.0) / step.max(1)),
            Self::Range => Some(0),
        }
    }
}
