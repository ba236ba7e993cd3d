//! Storing and reading metrics.

use coral_engine::{
    Budget, DeltaQuery, MetricCheckpoint, MetricExtent, MetricMaintenance, MetricRetention,
    StoredDelta,
};
use coral_trace::red::{Delta, Point, Protocol};
use coral_trace::{TimeRange, UnixNanos};

use super::Store;
use crate::error::StoreError;
use crate::metrics::{AppendedPoints, MetricPage};

impl Store {
    /// Stores what `groups` of points say that was not known, in one commit, received at `received`.
    ///
    /// When this returns `Ok`, a `kill -9` cannot undo it, nor a power loss.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was stored, and the same call may succeed later.
    pub fn append_points(
        &self,
        groups: &[Vec<Point>],
        received: UnixNanos,
    ) -> Result<Vec<AppendedPoints>, StoreError> {
        self.0.metrics.append_points(groups, received)
    }

    /// Stores one page of an agent's rows and how far that agent's metrics are stored now, in one commit:
    /// after a crash both are there or neither. `checkpoint.rows_stored` is raised here.
    ///
    /// # Errors
    /// As [`append_points`](Self::append_points).
    pub fn append_metric_page(
        &self,
        deltas: Vec<Delta>,
        received: UnixNanos,
        checkpoint: &mut MetricCheckpoint,
    ) -> Result<(), StoreError> {
        self.0.metrics.append_metric_page(deltas, received, checkpoint)
    }

    /// How far each agent's metrics are stored, by agent. Does not wait for commits.
    pub fn metric_checkpoints(&self) -> Vec<MetricCheckpoint> {
        self.0.metrics.live.checkpoints()
    }

    /// Seals hot rows when they are many or old, then lets go of files that are too old or too many bytes.
    ///
    /// # Errors
    /// [`StoreError`]: what was done until then stays, what was not is due again.
    pub fn maintain_metrics(
        &self,
        keep: MetricRetention,
        now: UnixNanos,
    ) -> Result<MetricMaintenance, StoreError> {
        self.0.metrics.maintain_metrics(keep, now)
    }

    /// Seals all hot rows now, however few they are. Returns how many.
    ///
    /// # Errors
    /// As [`maintain_metrics`](Self::maintain_metrics).
    pub fn seal_metrics(&self) -> Result<u64, StoreError> {
        self.0.metrics.seal_metrics()
    }

    /// Shows every row of `protocol` whose time is in `range` to `visit`, in no particular order.
    ///
    /// # Errors
    /// [`StoreError`]; `visit` may have been shown some.
    pub fn deltas(
        &self,
        protocol: Protocol,
        range: TimeRange,
        visit: impl FnMut(&StoredDelta),
    ) -> Result<(), StoreError> {
        let wanted = DeltaQuery { protocol, range, service: None, side: None };
        self.0.metrics.deltas(&wanted, &Budget::unlimited(), visit)
    }

    /// Returns rows with a receipt above `after`, in order of receipt, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`]; the reader's place is unchanged.
    pub fn deltas_after(&self, after: u64, limit: usize) -> Result<MetricPage, StoreError> {
        self.0.metrics.deltas_after(after, limit)
    }

    /// What the store holds of metrics now. Does not wait for commits.
    pub fn metric_extent(&self) -> MetricExtent {
        self.0.metrics.metric_extent()
    }
}
