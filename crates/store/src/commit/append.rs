//! Stores spans: one commit, each span once.

use std::sync::Arc;

use arrow_array::RecordBatch;
use coral_engine::Checkpoint;
use coral_trace::{Origin, Span, UnixNanos};

use crate::commit::appended::Appended;
use crate::commit::encoding::{Commit, Record};
use crate::commit::sealed_parts::{SealedParts, find_and_mark, traces_not_in};
use crate::commit::writer::{Attempt, Writer};
use crate::error::StoreError;
use crate::hot::generation::{Arrival, MAX_MEAN_ROW_BYTES, ReceivedSpan};
use crate::row::batch::{Delivery, SpanBatch};
use crate::spans::Spans;

/// Spans are refused while the hot rows are more than this multiple of `segment_rows`, or of
/// 65,536 if that is larger, or have more bytes than so many rows of [`MAX_MEAN_ROW_BYTES`]. Hot
/// rows become so many only if sealing fails.
const MAX_UNSEALED: u64 = 4;

/// Groups of spans from one sender, and the checkpoint if the sender is a polled agent.
pub(crate) struct Delivered<'a> {
    pub(crate) groups: &'a [Vec<Span>],
    pub(crate) delivery: Delivery<'a>,
    /// The checkpoint of the sender's stream after these spans.
    pub(crate) checkpoint: Option<&'a Checkpoint>,
}

/// The spans of one sender that are not stored yet.
struct Fresh<'a> {
    spans: Vec<&'a Span>,
    delivery: Delivery<'a>,
    checkpoint: Option<&'a Checkpoint>,
}

impl Spans {
    /// Stores `groups` of spans from agent `agent_id`, received at `received`, each span once.
    /// Returns the counts of each group.
    pub(crate) fn commit(
        &self,
        groups: &[Vec<Span>],
        agent_id: &str,
        received: UnixNanos,
    ) -> Result<Vec<Appended>, StoreError> {
        let delivery = Delivery { agent_id, received };
        let one = Delivered { groups, delivery, checkpoint: None };
        let appended = self.commit_together(&mut self.writer(), &[one])?;
        Ok(appended.into_iter().next().expect("one sender, one answer"))
    }

    /// Stores what several senders delivered, in one commit, each span once. Returns the counts of
    /// each group of each sender.
    pub(crate) fn commit_together(
        &self,
        writer: &mut Writer,
        delivered: &[Delivered<'_>],
    ) -> Result<Vec<Vec<Appended>>, StoreError> {
        self.check_room()?;
        writer.mend(&self.live)?;
        let parts = self.sealed_parts(delivered)?;
        writer.seen.extend(&parts.keys);
        let mut attempt = Attempt::begin(writer);
        let mut all_fresh = Vec::with_capacity(delivered.len());
        let mut all_appended = Vec::with_capacity(delivered.len());
        for Delivered { groups, delivery, checkpoint } in delivered {
            let mut spans: Vec<&Span> = Vec::new();
            let mut appended = Vec::with_capacity(groups.len());
            for group in *groups {
                let before = spans.len();
                spans.extend(group.iter().filter(|span| attempt.insert(span)));
                let new = (spans.len() - before) as u64;
                appended.push(Appended { new, duplicate: group.len() as u64 - new });
            }
            all_appended.push(appended);
            all_fresh.push(Fresh { spans, delivery: *delivery, checkpoint: *checkpoint });
        }
        let says_nothing = |fresh: &Fresh<'_>| fresh.spans.is_empty() && fresh.checkpoint.is_none();
        if !all_fresh.iter().all(says_nothing) {
            self.write(attempt, &all_fresh, parts)?;
        }
        Ok(all_appended)
    }

    /// Refuses spans while there are too many unsealed rows, because more would fill the memory.
    fn check_room(&self) -> Result<(), StoreError> {
        let state = self.live.read();
        let (hot_rows, hot_bytes) = (state.hot_rows(), state.hot_bytes());
        drop(state);
        let most = MAX_UNSEALED * self.segment_rows.max(65_536);
        if hot_rows > most || hot_bytes > most * MAX_MEAN_ROW_BYTES {
            return Err(StoreError::CannotSeal { hot_rows });
        }
        Ok(())
    }

    /// Finds the sealed parts of those traces of `delivered` that have no hot rows, and marks
    /// these traces as split.
    fn sealed_parts(&self, delivered: &[Delivered<'_>]) -> Result<SealedParts, StoreError> {
        let groups = delivered.iter().flat_map(|delivered| delivered.groups);
        let spans: Vec<&Span> = groups.flatten().collect();
        self.live.reading(|| {
            let state = self.live.read();
            let (segments, sealing) = (state.segments.clone(), state.sealing.clone());
            let new = traces_not_in(&state.hot, &spans);
            drop(state);
            find_and_mark(&segments, &sealing, &new)
        })
    }

    /// Makes one commit: the journal first, then memory. Slow or fallible work is done before the
    /// journal is written. After that, only pointers are moved and sums updated.
    fn write(
        &self,
        attempt: Attempt<'_>,
        fresh: &[Fresh<'_>],
        parts: SealedParts,
    ) -> Result<(), StoreError> {
        let state = self.live.read();
        let (first_row, tail) = (state.hot.rows(), state.hot.tail());
        drop(state);
        let writer = &mut *attempt.writer;
        let (rows, mut arrival) = writer.rows(fresh, first_row);
        parts.segments.into_iter().for_each(|(trace, older)| arrival.mark_split(trace, older));
        let commit = Commit { record: writer.record(fresh), rows };
        let joined = commit.rows.as_ref().map(|rows| tail.join(rows));
        writer.write(&commit)?;
        writer.next_receipt += joined.as_ref().map_or(0, |joined| u64::from(joined.new_rows()));
        attempt.done();
        let wall = || fresh.iter().map(|fresh| fresh.delivery.received);
        let (first, last) = (wall().min().unwrap_or_default(), wall().max().unwrap_or_default());
        let newest = self.live.ages.received(last);
        let received = ReceivedSpan { oldest: newest, newest, first, last };
        let mut state = self.live.write();
        state.directory.add(&commit.record);
        state.hot.add_origins(&commit.record.origins);
        if let Some(joined) = joined {
            state.hot.push(joined, arrival, received);
        }
        Ok(())
    }
}

impl Writer {
    fn rows(&mut self, fresh: &[Fresh<'_>], first_row: u32) -> (Option<RecordBatch>, Arrival) {
        let count = fresh.iter().map(|fresh| fresh.spans.len()).sum();
        let mut batch = SpanBatch::with_capacity(count);
        let mut arrival = Arrival::default();
        let mut last: Option<(&Arc<Origin>, u32)> = None;
        let mut row = 0;
        for Fresh { spans, delivery, .. } in fresh {
            for span in spans {
                // Spans of one scope share their origin, so compare the pointer before the content.
                let origin_id = match last {
                    Some((origin, number)) if Arc::ptr_eq(origin, &span.origin) => number,
                    _ => self.origins.number(&span.origin),
                };
                last = Some((&span.origin, origin_id));
                batch.push(span, self.next_receipt + u64::from(row), origin_id, *delivery);
                arrival.add(span, first_row + row);
                row += 1;
            }
        }
        arrival.has_misplaced = batch.has_misplaced;
        ((count > 0).then(|| batch.finish()), arrival)
    }

    fn record(&self, fresh: &[Fresh<'_>]) -> Record {
        let checkpoint = |fresh: &Fresh<'_>| {
            let checkpoint = fresh.checkpoint?;
            let spans_stored = checkpoint.spans_stored + fresh.spans.len() as u64;
            Some(Checkpoint { spans_stored, ..checkpoint.clone() })
        };
        let (first_origin, origins) = self.origins.unwritten();
        Record {
            first_origin,
            origins: origins.to_vec(),
            checkpoints: fresh.iter().filter_map(checkpoint).collect(),
            ..Record::default()
        }
    }
}
