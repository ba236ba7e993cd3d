//! Storing spans: one commit, each span once.

use std::sync::Arc;

use arrow_array::RecordBatch;
use coral_trace::{Origin, Span, UnixNanos};

use crate::commit::checkpoint::Checkpoint;
use crate::commit::encoding::{Commit, Record};
use crate::commit::sealed::{Sealed, sealed, traces_not_in};
use crate::commit::writer::{Attempt, Writer};
use crate::error::StoreError;
use crate::hot::generation::Arrival;
use crate::row::batch::{Delivery, SpanBatch};
use crate::spans::Spans;

/// What became of one group of spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Appended {
    /// Spans that were not stored before.
    pub new: u64,
    /// Spans that were, or that stood twice in what was appended; left as they were.
    pub duplicate: u64,
}

/// When sealing fails, this many times the usual number of hot rows are taken before spans are refused.
const MAX_UNSEALED: u64 = 4;

impl Spans {
    /// Stores `groups` of `agent_id`, received at `received`, each span once, and `checkpoint` with them.
    pub(crate) fn commit(
        &self,
        groups: &[Vec<Span>],
        agent_id: &str,
        received: UnixNanos,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Vec<Appended>, StoreError> {
        let mut writer = self.writer();
        self.check_room()?;
        writer.mend(&self.live)?;
        let sealed = self.sealed_before(groups)?;
        writer.seen.extend(&sealed.keys);
        let mut attempt = Attempt::begin(&mut writer);
        let mut fresh: Vec<&Span> = Vec::new();
        let mut appended = Vec::with_capacity(groups.len());
        for group in groups {
            let before = fresh.len();
            fresh.extend(group.iter().filter(|span| attempt.is_new(span)));
            let new = (fresh.len() - before) as u64;
            appended.push(Appended { new, duplicate: group.len() as u64 - new });
        }
        if fresh.is_empty() && checkpoint.is_none() {
            return Ok(appended);
        }
        let by = Delivery { agent_id, received };
        self.write(attempt, &fresh, by, checkpoint, sealed)?;
        Ok(appended)
    }

    /// Refuses when rows cannot be sealed: they would fill the memory.
    fn check_room(&self) -> Result<(), StoreError> {
        let hot_rows = self.live.read().hot_rows();
        if hot_rows > MAX_UNSEALED * self.segment_rows.max(65_536) {
            return Err(StoreError::CannotSeal { hot_rows });
        }
        Ok(())
    }

    fn sealed_before(&self, groups: &[Vec<Span>]) -> Result<Sealed, StoreError> {
        let spans: Vec<&Span> = groups.iter().flatten().collect();
        self.live.reading(|| {
            let state = self.live.read();
            let (segments, sealing) = (state.segments.clone(), state.sealing.clone());
            let new = traces_not_in(&state.hot, &spans);
            drop(state);
            sealed(&segments, &sealing, &new)
        })
    }

    /// One commit: the journal first, then memory. Whatever takes time or may fail comes before the journal; after it
    /// nothing does but moving pointers and summing up.
    fn write(
        &self,
        attempt: Attempt<'_>,
        spans: &[&Span],
        by: Delivery<'_>,
        checkpoint: Option<&Checkpoint>,
        sealed: Sealed,
    ) -> Result<(), StoreError> {
        let state = self.live.read();
        let (first_row, tail) = (state.hot.rows(), state.hot.tail());
        drop(state);
        let writer = &mut *attempt.writer;
        let (rows, mut arrival) = writer.rows(spans, by, first_row);
        sealed.segments.into_iter().for_each(|(trace, older)| arrival.is_split_with(trace, older));
        let commit = Commit { record: writer.record(checkpoint, spans.len()), rows };
        let joined = commit.rows.as_ref().map(|rows| tail.join(rows));
        writer.write(&commit)?;
        writer.next_receipt += spans.len() as u64;
        attempt.done();
        let mut state = self.live.write();
        state.directory.add(&commit.record.checkpoints, &[]);
        state.hot.add_origins(&commit.record.origins);
        if let Some(joined) = joined {
            state.hot.push(joined, arrival, self.live.ages.received(by.received));
        }
        Ok(())
    }
}

impl Writer {
    fn rows(
        &mut self,
        spans: &[&Span],
        by: Delivery<'_>,
        first_row: u32,
    ) -> (Option<RecordBatch>, Arrival) {
        let mut batch = SpanBatch::with_capacity(spans.len());
        let mut arrival = Arrival::default();
        let mut last: Option<(&Arc<Origin>, u32)> = None;
        for (row, span) in spans.iter().enumerate() {
            // Siblings share their origin: compare the pointer before the content.
            let origin_id = match last {
                Some((origin, number)) if Arc::ptr_eq(origin, &span.origin) => number,
                _ => self.origins.number(&span.origin),
            };
            last = Some((&span.origin, origin_id));
            batch.push(span, self.next_receipt + row as u64, origin_id, by);
            arrival.add(span, first_row + row as u32);
        }
        arrival.has_misplaced = batch.has_misplaced;
        ((!spans.is_empty()).then(|| batch.finish()), arrival)
    }

    fn record(&self, checkpoint: Option<&Checkpoint>, new: usize) -> Record {
        let checkpoint = checkpoint.map(|checkpoint| Checkpoint {
            spans_stored: checkpoint.spans_stored + new as u64,
            ..checkpoint.clone()
        });
        let (first_origin, origins) = self.origins.unwritten();
        Record {
            first_origin,
            origins: origins.to_vec(),
            checkpoints: checkpoint.into_iter().collect(),
            ..Record::default()
        }
    }
}
