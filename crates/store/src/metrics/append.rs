//! Stores metric points: one commit, each request once.

use coral_engine::MetricCheckpoint;
use coral_trace::UnixNanos;
use coral_trace::red::{Delta, Growth, Point, PointOutcome};

use super::Metrics;
use super::writer::{Attempt, MetricWriter, Numbered};
use crate::error::StoreError;

/// Counts of the points of one group after a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AppendedPoints {
    /// Points that are stored, including points without new requests.
    pub stored: u64,
    /// Of `stored`, points with requests that were not counted before.
    pub grown: u64,
    /// Points that were sent before, or that are older than one that was stored already.
    pub duplicate: u64,
    /// Points dropped because the counters of too many series are kept already.
    pub dropped: u64,
}

impl Metrics {
    /// See [`Store::append_points`](crate::Store::append_points).
    pub(crate) fn append_points(
        &self,
        groups: &[Vec<Point>],
        received: UnixNanos,
    ) -> Result<Vec<AppendedPoints>, StoreError> {
        self.live.check_room()?;
        let now = self.live.ages.now(received);
        let mut writer = self.writer();
        writer.mend(&self.live)?;
        writer.counters.at(now);
        let attempt = Attempt::begin(&mut writer);
        let (mut deltas, mut appended) = (Vec::new(), Vec::new());
        for group in groups {
            appended.push(attempt.writer.take(group, now, &mut deltas));
        }
        let rows = attempt.commit(deltas, ("", received), &[])?;
        self.live.push(rows, received, None);
        self.publish(&writer);
        Ok(appended)
    }

    /// See [`Store::append_metric_page`](crate::Store::append_metric_page).
    pub(crate) fn append_metric_page(
        &self,
        deltas: Vec<Delta>,
        received: UnixNanos,
        checkpoint: &mut MetricCheckpoint,
    ) -> Result<(), StoreError> {
        self.live.check_room()?;
        let mut writer = self.writer();
        writer.mend(&self.live)?;
        let rows_stored = checkpoint.rows_stored + deltas.len() as u64;
        let place = MetricCheckpoint { rows_stored, ..checkpoint.clone() };
        let numbered = deltas.into_iter().map(|delta| (writer.series.number(&delta.series), delta));
        let deltas = numbered.collect();
        let attempt = Attempt::begin(&mut writer);
        let places = std::slice::from_ref(&place);
        let rows = attempt.commit(deltas, (&checkpoint.agent_id, received), places)?;
        checkpoint.rows_stored = rows_stored;
        self.live.push(rows, received, Some(place));
        self.publish(&writer);
        Ok(())
    }
}

impl MetricWriter {
    /// Appends to `deltas` the requests of `group` that were not counted before.
    fn take(
        &mut self,
        group: &[Point],
        received: UnixNanos,
        deltas: &mut Vec<Numbered>,
    ) -> AppendedPoints {
        let mut appended = AppendedPoints::default();
        for point in group {
            let count = match self.counters.take(point) {
                PointOutcome::Grown(growth) => {
                    deltas.push(self.delta(point, growth, received));
                    appended.grown += 1;
                    &mut appended.stored
                }
                PointOutcome::Unchanged | PointOutcome::Baseline => &mut appended.stored,
                PointOutcome::Duplicate => &mut appended.duplicate,
                PointOutcome::Dropped => &mut appended.dropped,
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
        // Exporters repeat an exemplar until they have a newer one.
        let new = point.exemplars.iter().filter(|exemplar| exemplar.time > since);
        let (series, exemplars) = (self.series.get(number), new.cloned().collect());
        (number, Delta { series, since, time: point.time, histogram, exemplars })
    }
}
