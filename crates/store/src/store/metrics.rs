//! Stores and reads metrics.

use coral_engine::{
    Budget, DeltaQuery, MetricCheckpoint, MetricExtent, MetricMaintenance, MetricMerge,
    MetricRetention, StoredDelta,
};
use coral_trace::UnixNanos;
use coral_trace::red::{Delta, Point};

use super::Store;
use crate::error::StoreError;
use crate::metrics::{AppendedPoints, MetricPage};

impl Store {
    /// Stores, in one commit, the requests in `groups` of points that were not counted before. The
    /// time of receipt is `received`. Returns counts for each group.
    ///
    /// After `Ok`, the commit survives `kill -9` and power loss.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was stored, and the same call may be repeated.
    pub fn append_points(
        &self,
        groups: &[Vec<Point>],
        received: UnixNanos,
    ) -> Result<Vec<AppendedPoints>, StoreError> {
        self.0.metrics.append_points(groups, received)
    }

    /// Stores one page of an agent's rows and the checkpoint after it, in one commit: a crash
    /// leaves both or neither. Increases `checkpoint.rows_stored`.
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

    /// The checkpoints of all agents' metrics, by agent. Does not wait for commits.
    pub fn metric_checkpoints(&self) -> Vec<MetricCheckpoint> {
        self.0.metrics.live.checkpoints()
    }

    /// Seals hot rows when they are many or old, then removes files that exceed the retention or
    /// the size limit.
    ///
    /// # Errors
    /// [`StoreError`]: what was done before stays, and the rest is done by the next call.
    pub fn maintain_metrics(
        &self,
        keep: MetricRetention,
        now: UnixNanos,
    ) -> Result<MetricMaintenance, StoreError> {
        self.0.metrics.maintain_metrics(keep, now)
    }

    /// Seals all hot rows now. Returns how many.
    ///
    /// # Errors
    /// As [`maintain_metrics`](Self::maintain_metrics).
    pub fn seal_metrics(&self) -> Result<u64, StoreError> {
        self.0.metrics.seal_metrics()
    }

    /// Merges some neighbouring files of metrics into one, if such a merge is due and the pause after
    /// the last merge is over. See [`Retention::merge_metrics`](coral_engine::Retention).
    ///
    /// # Errors
    /// [`StoreError`]: no row was lost, and a later call tries again.
    pub fn merge_metrics(&self, keep: MetricRetention) -> Result<MetricMerge, StoreError> {
        self.0.metrics.merge_metrics(keep)
    }

    /// Makes all merges that are due, without pauses.
    ///
    /// # Errors
    /// As [`merge_metrics`](Self::merge_metrics).
    pub fn merge_all_metrics(&self, keep: MetricRetention) -> Result<MetricMerge, StoreError> {
        self.0.metrics.merge_all_metrics(keep)
    }

    /// Calls `visit` with the rows that `wanted` selects. See
    /// [`MetricReader::deltas`](coral_engine::MetricReader::deltas).
    ///
    /// # Errors
    /// [`StoreError`]; `visit` may have been called already.
    pub fn deltas(
        &self,
        wanted: &DeltaQuery,
        visit: impl FnMut(&StoredDelta),
    ) -> Result<(), StoreError> {
        self.0.metrics.deltas(wanted, &Budget::unlimited(), visit)
    }

    /// Returns rows with a receipt above `after`, in order of receipt, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn deltas_after(&self, after: u64, limit: usize) -> Result<MetricPage, StoreError> {
        self.0.metrics.deltas_after(after, limit)
    }

    /// What the store holds of metrics now. Does not wait for commits.
    pub fn metric_extent(&self) -> MetricExtent {
        self.0.metrics.metric_extent()
    }
}
