//! Metrics of calls, with the names and labels of Tempo's metrics generator: requests by service and
//! operation (`traces_spanmetrics_*`), and by edge of the service map (`traces_service_graph_*`).
//!
//! Counters are computed from the store: requests of [`SpanCalls`](Family::SpanCalls) from RED
//! metrics where a service has some on that side, otherwise from spans; requests of
//! [`Edges`](Family::Edges) from spans. A counter begins with 0 at [`Moments::since`] and is known at
//! each of [`Moments::at`].

mod buckets;
mod counters;
mod edges;
mod exposition;
mod metric;
mod names;
mod span_calls;

use coral_trace::{TimeRange, UnixNanos};

pub(crate) use self::counters::{Counters, MAX_SERIES, Series};
pub use self::exposition::{MAX_EXPOSED, SETTLE_TIME, SpanExposition};
pub(crate) use self::metric::{Family, METRICS, Metric, Part};

/// When counters begin and at which moments they are known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Moments {
    /// Requests that ended after this time count.
    pub since: UnixNanos,
    /// The moments, rising. A request counts in all moments that are not before its end.
    pub at: Vec<UnixNanos>,
}

impl Moments {
    /// The first moment that is not before `time`; `None` if `time` is after all, or is not after
    /// the beginning.
    pub fn slot(&self, time: UnixNanos) -> Option<u32> {
        let slot = self.at.partition_point(|moment| *moment < time);
        (time > self.since && slot < self.at.len()).then_some(slot as u32)
    }

    /// The times that count.
    pub fn range(&self) -> TimeRange {
        let after = |time: UnixNanos| UnixNanos(time.0.saturating_add(1));
        let last = self.at.last().copied().unwrap_or(self.since);
        TimeRange { start: after(self.since), end: after(last.max(self.since)) }
    }
}

/// Which series are wanted, by the labels that the store can select by. Other labels are compared
/// afterwards.
pub(crate) trait Wanted {
    /// Whether `value` may be the value of `label`.
    fn may_be(&self, label: &str, value: &str) -> bool;
}

/// Every series is wanted.
pub(crate) struct Everything;

impl Wanted for Everything {
    fn may_be(&self, _: &str, _: &str) -> bool {
        true
    }
}
