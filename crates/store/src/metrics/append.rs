//! Storing points: one commit, each request once.

use coral_trace::UnixNanos;
use coral_trace::red::{Delta, Growth, Point, Taken};

use super::checkpoint::MetricCheckpoint;
use super::writer::{Attempt, MetricWriter, Numbered};
use crate::error::StoreError;
use crate::store::Store;

/// What became of one group of points.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AppendedPoints {
    /// Points whose requests are stored now; also those that said that there were none.
    pub stored: u64,
    /// Of those, points with requests that were not counted before.
    pub grown: u64,
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
        let now = metrics.live.ages.now(received);
        let mut writer = metrics.writer();
        writer.mend(&metrics.live)?;
        writer.counters.at(now);
        let attempt = Attempt::begin(&mut writer);
        let (mut deltas, mut appended) = (Vec::new(), Vec::new());
        for group in groups {
            appended.push(attempt.writer.take(group, now, &mut deltas));
        }
        let rows = attempt.commit(deltas, ("", received), &[])?;
        metrics.live.push(rows, received, None);
        metrics.publish(&writer);
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
        writer.mend(&metrics.live)?;
        let rows_stored = checkpoint.rows_stored + deltas.len() as u64;
        let place = MetricCheckpoint { rows_stored, ..checkpoint.clone() };
        let numbered = deltas.into_iter().map(|delta| (writer.series.number(&delta.series), delta));
        let deltas = numbered.collect();
        let attempt = Attempt::begin(&mut writer);
        let places = std::slice::from_ref(&place);
        let rows = attempt.commit(deltas, (&checkpoint.agent_id, received), places)?;
        checkpoint.rows_stored = rows_stored;
        metrics.live.push(rows, received, Some(place));
        metrics.publish(&writer);
        Ok(())
    }

    /// How far each agent's metrics are stored, by agent. Does not wait for commits.
    pub fn metric_checkpoints(&self) -> Vec<MetricCheckpoint> {
        self.0.metrics.live.checkpoints()
    }
}

impl MetricWriter {
    /// Adds what `group` says that was not known to `deltas`.
    fn take(
        &mut self,
        group: &[Point],
        received: UnixNanos,
        deltas: &mut Vec<Numbered>,
    ) -> AppendedPoints {
        let mut appended = AppendedPoints::default();
        for point in group {
            let count = match self.counters.take(point) {
                Taken::Grown(growth) => {
                    deltas.push(self.delta(point, growth, received));
                    appended.grown += 1;
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
    ) -> Numbered {
        let number = self.series.admit(point, &mut self.limit, now);
        // An exporter repeats an exemplar until it has a newer one.
        let new = point.exemplars.iter().filter(|exemplar| exemplar.time > since);
        let (series, exemplars) = (self.series.get(number), new.cloned().collect());
        (number, Delta { series, since, time: point.time, histogram, exemplars })
    }
}
