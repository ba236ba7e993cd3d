//! Storing points: one commit, each request once.

use std::sync::Arc;

use coral_trace::UnixNanos;
use coral_trace::red::{Delta, Growth, Point, Taken};

use super::checkpoint::MetricCheckpoint;
use super::query::StoredDelta;
use super::record::Frame;
use super::writer::MetricWriter;
use crate::error::StoreError;
use crate::store::Store;

/// What became of one group of points.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AppendedPoints {
    /// Points whose requests are stored now; also those that said that there were none.
    pub stored: u64,
    /// Points that had been sent before, or say less than a later one that came first.
    pub duplicate: u64,
    /// Points of series that are too many to be told apart.
    pub dropped: u64,
}

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
        let metrics = &self.0.metrics;
        metrics.live.check_room()?;
        let mut writer = metrics.writer();
        let (mut deltas, mut appended) = (Vec::new(), Vec::new());
        for group in groups {
            appended.push(writer.take(group, received, &mut deltas));
        }
        let rows = writer.rows(deltas, "", received);
        let state = writer.counters.changes();
        let frame =
            Frame { state: state.into_iter().map(Into::into).collect(), ..Frame::of(&rows) };
        match writer.write(&frame) {
            Ok(()) => writer.counters.committed(),
            Err(error) => {
                writer.counters.roll_back();
                return Err(error);
            }
        }
        writer.next_receipt += rows.len() as u64;
        metrics.live.push(rows);
        Ok(appended)
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
        let metrics = &self.0.metrics;
        metrics.live.check_room()?;
        let mut writer = metrics.writer();
        let rows = writer.rows(deltas, &checkpoint.agent_id, received);
        let rows_stored = checkpoint.rows_stored + rows.len() as u64;
        let place = MetricCheckpoint { rows_stored, ..checkpoint.clone() };
        let frame = Frame { checkpoints: vec![place.clone()], ..Frame::of(&rows) };
        writer.write(&frame)?;
        writer.checkpoints.insert(place.agent_id.clone(), place);
        writer.next_receipt += rows.len() as u64;
        checkpoint.rows_stored = rows_stored;
        metrics.live.push(rows);
        Ok(())
    }

    /// How far each agent's metrics are stored, by agent.
    pub fn metric_checkpoints(&self) -> Vec<MetricCheckpoint> {
        self.0.metrics.writer().checkpoints.values().cloned().collect()
    }
}

impl MetricWriter {
    /// Adds what `group` says that was not known to `deltas`.
    fn take(
        &mut self,
        group: &[Point],
        received: UnixNanos,
        deltas: &mut Vec<Delta>,
    ) -> AppendedPoints {
        let mut appended = AppendedPoints::default();
        for point in group {
            let count = match self.counters.take(point) {
                Taken::Grown(growth) => {
                    deltas.push(self.delta(point, growth, received));
                    &mut appended.stored
                }
                Taken::Unchanged | Taken::Baseline => &mut appended.stored,
                Taken::Duplicate => &mut appended.duplicate,
                Taken::Dropped => &mut appended.dropped,
            };
            *count += 1;
        }
        appended
    }

    fn delta(
        &mut self,
        point: &Point,
        Growth { since, histogram }: Growth,
        now: UnixNanos,
    ) -> Delta {
        let series = self.limit.admit(point.series.clone(), now);
        // An exporter repeats an exemplar until it has a newer one.
        let new = point.exemplars.iter().filter(|exemplar| exemplar.time > since);
        let exemplars = new.cloned().collect();
        Delta { series: Arc::new(series), since, time: point.time, histogram, exemplars }
    }

    fn rows(
        &mut self,
        deltas: Vec<Delta>,
        agent_id: &str,
        received: UnixNanos,
    ) -> Vec<StoredDelta> {
        let agent_id: Arc<str> = agent_id.into();
        let rows = (self.next_receipt..).zip(deltas).map(|(receipt, mut delta)| {
            delta.series = self.series.share(delta.series);
            StoredDelta { receipt, agent_id: agent_id.clone(), received, delta }
        });
        rows.collect()
    }
}
