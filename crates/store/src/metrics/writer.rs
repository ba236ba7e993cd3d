//! What the next commit of metrics builds on.

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

/// Held while a commit is made.
pub(crate) struct MetricWriter {
    pub(super) next_receipt: u64,
    pub(super) counters: Counters,
    pub(super) limit: LabelLimit,
    pub(super) series: SeriesTable,
    pub(super) journal: Journal,
}

/// What is stored, and the number of its series.
pub(super) type Numbered = (u32, Delta);

/// Series of one service and protocol that are told apart in a day, as many as OpenTelemetry's SDKs do.
pub(super) const MAX_LABELS: usize = 2_000;

/// A commit in the making. Unless it is [committed](Self::commit), what exporters said in it is forgotten when this is dropped,
/// also when that is because of a panic.
pub(super) struct Attempt<'a> {
    pub(super) writer: &'a mut MetricWriter,
    is_done: bool,
}

impl MetricWriter {
    /// Begins another log when the last one cannot be written any more. Before exporters are listened to, so that the
    /// head of that log says nothing of what is not committed.
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

    /// From here on, commits are of another generation.
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

    /// Writes the commit to the journal: rows of `deltas`, what changed in the counters, and `checkpoints`. After an error
    /// nothing has happened. A commit that says nothing needs no frame.
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
        let (first_series, untold) = series.untold();
        let frame = Frame {
            first_series,
            series: untold.iter().map(|series| (&**series).into()).collect(),
            state: state.iter().map(Into::into).collect(),
            checkpoints: checkpoints.into(),
            ..Frame::of(&rows, &numbers)
        };
        if !(frame.rows.is_empty() && frame.state.is_empty() && frame.checkpoints.is_empty()) {
            let receipts = Receipts { first: *next_receipt, rows: rows.len() as u32 };
            journal.append(receipts, |payload| encode(&frame, payload))?;
            series.tell();
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

/// Appends all that is known besides rows: a log begins with it.
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
