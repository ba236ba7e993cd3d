//! State that the next commit of metrics needs.

use std::sync::Arc;

use coral_trace::UnixNanos;
use coral_trace::red::{Counters, Delta, LabelLimit};

use super::live::LiveMetrics;
use super::record::Frame;
use super::series::SeriesTable;
use crate::error::StoreError;
use crate::journal::{Journal, Receipts};
use coral_engine::MetricCheckpoint;
use coral_engine::StoredDelta;

/// The state that the next commit needs, locked during a commit.
pub(crate) struct MetricWriter {
    pub(super) next_receipt: u64,
    pub(super) counters: Counters,
    pub(super) limit: LabelLimit,
    pub(super) series: SeriesTable,
    pub(super) journal: Journal,
}

/// A row to store, and the number of its series.
pub(super) type Numbered = (u32, Delta);

/// The most series per service, protocol and day, as in OpenTelemetry's SDKs.
pub(super) const MAX_LABELS: usize = 2_000;

/// A commit in progress. If dropped before [`commit`](Self::commit), also by a panic, the counters
/// of its points are removed from the writer's state.
pub(super) struct Attempt<'a> {
    pub(super) writer: &'a mut MetricWriter,
    is_done: bool,
}

impl MetricWriter {
    /// Begins a new log if the current one cannot be written. Must be called before points are
    /// counted, because the first frame of the new log must not contain anything of an uncommitted
    /// point.
    pub(super) fn mend(&mut self, live: &LiveMetrics) -> Result<(), StoreError> {
        if !self.journal.is_broken() {
            return Ok(());
        }
        let Self { journal, counters, next_receipt, series, .. } = self;
        let checkpoints = live.checkpoints();
        journal.mend(*next_receipt, |payload| encode_head(counters, checkpoints, payload))?;
        series.begin_log();
        Ok(())
    }

    /// Begins a new generation: later commits belong to it.
    pub(super) fn begin_generation(&mut self, live: &LiveMetrics) -> Result<(), StoreError> {
        let Self { journal, counters, next_receipt, .. } = self;
        let checkpoints = live.checkpoints();
        journal.begin_generation(*next_receipt, |payload| {
            encode_head(counters, checkpoints, payload);
        })?;
        self.series = SeriesTable::default();
        Ok(())
    }
}

impl<'a> Attempt<'a> {
    pub(super) fn begin(writer: &'a mut MetricWriter) -> Self {
        Self { writer, is_done: false }
    }

    /// Writes the commit to the journal: rows of `deltas`, changed counters, and `checkpoints`.
    /// After an error, nothing was committed, and the counters are rolled back. A commit without
    /// content writes no frame.
    pub(super) fn commit(
        mut self,
        deltas: Vec<Numbered>,
        (agent_id, received): (&str, UnixNanos),
        checkpoints: &[MetricCheckpoint],
    ) -> Result<Vec<StoredDelta>, StoreError> {
        let MetricWriter { next_receipt, counters, series, journal, .. } = &mut *self.writer;
        let agent_id: Arc<str> = agent_id.into();
        let (mut rows, mut numbers) = (Vec::new(), Vec::new());
        for (receipt, (number, delta)) in (*next_receipt..).zip(deltas) {
            rows.push(StoredDelta { receipt, agent_id: agent_id.clone(), received, delta });
            numbers.push(number);
        }
        let state = counters.changes();
        let (first_series, unlogged) = series.unlogged();
        let frame = Frame {
            first_series,
            series: unlogged.iter().map(|series| (&**series).into()).collect(),
            state: state.iter().map(Into::into).collect(),
            checkpoints: checkpoints.into(),
            ..Frame::of(&rows, &numbers)
        };
        if !(frame.rows.is_empty() && frame.state.is_empty() && frame.checkpoints.is_empty()) {
            let receipts = Receipts { first: *next_receipt, rows: rows.len() as u32 };
            journal.append(receipts, |payload| encode(&frame, payload))?;
            series.mark_logged();
        }
        *next_receipt += rows.len() as u64;
        counters.committed();
        self.is_done = true;
        Ok(rows)
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            self.writer.counters.roll_back();
        }
    }
}

/// Appends the first frame of a log to `payload`: all counters and checkpoints, without rows.
pub(super) fn encode_head(
    counters: &Counters,
    checkpoints: Vec<MetricCheckpoint>,
    payload: &mut Vec<u8>,
) {
    let state = counters.snapshot();
    let frame = Frame {
        snapshot: true,
        state: state.iter().map(Into::into).collect(),
        checkpoints: checkpoints.into(),
        ..Frame::default()
    };
    encode(&frame, payload);
}

fn encode(frame: &Frame<'_>, payload: &mut Vec<u8>) {
    let bytes = std::mem::take(payload);
    *payload = postcard::to_extend(frame, bytes).expect("records are plain data");
}
