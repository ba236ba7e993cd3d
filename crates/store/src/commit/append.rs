//! Stores spans: one commit, each span once.

use coral_engine::Checkpoint;
use coral_trace::{Span, TraceId, UnixNanos};

use crate::commit::appended::Appended;
use crate::commit::encoding::Commit;
use crate::commit::fresh::Fresh;
use crate::commit::sealed_parts::{SealedParts, find_and_mark, traces_not_in};
use crate::commit::writer::{Attempt, Writer};
use crate::error::StoreError;
use crate::hot::generation::ReceivedSpan;
use crate::page_columns::check::CheckedRows;
use crate::row::arrived::SpanRows;
use crate::row::batch::Delivery;
use crate::spans::Spans;

/// Spans are refused while the hot rows are more than this multiple of `segment_rows`, or of
/// 65,536 if that is larger, or hold more memory than this multiple of `segment_bytes`. Hot rows
/// become so many only if sealing fails, or is slower than the senders.
const MAX_UNSEALED: u64 = 4;

/// What one sender delivered, and the checkpoint if the sender is a polled agent.
pub(crate) struct Delivered<'a> {
    pub(crate) content: DeliveredContent<'a>,
    pub(crate) delivery: Delivery<'a>,
    /// The checkpoint of the sender's stream after these spans.
    pub(crate) checkpoint: Option<&'a Checkpoint>,
}

/// The spans of a delivery.
#[derive(Clone, Copy)]
pub(crate) enum DeliveredContent<'a> {
    /// Groups of spans, which are counted separately.
    Groups(&'a [Vec<Span>]),
    /// The rows of exports, which are counted separately.
    Exports(&'a [SpanRows]),
    /// A page by column.
    Columns(&'a CheckedRows),
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
        self.commit_alone(DeliveredContent::Groups(groups), Delivery { agent_id, received })
    }

    /// Stores what one sender delivered. Returns the counts of each group or export.
    pub(crate) fn commit_alone(
        &self,
        content: DeliveredContent<'_>,
        delivery: Delivery<'_>,
    ) -> Result<Vec<Appended>, StoreError> {
        self.wait_for_seal();
        let one = Delivered { content, delivery, checkpoint: None };
        let appended = self.commit_together(&mut self.writer(), &[one])?;
        Ok(appended.into_iter().next().expect("one sender, one answer"))
    }

    /// Waits while a seal is running and the rows after it hold half of `segment_bytes`. Senders can
    /// wait with less memory than this process, and the logs of sealed rows can be removed only when
    /// no generation waits. The caller must not have locked the writer.
    pub(crate) fn wait_for_seal(&self) {
        let is_full = || self.live.read().hot.memory() >= self.segment_bytes / 2;
        self.pressure.wait_while(is_full);
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
        self.end_full_generation(writer)?;
        let parts = self.sealed_parts(delivered)?;
        writer.seen.extend(&parts.keys);
        let mut attempt = Attempt::begin(writer);
        let mut all_fresh = Vec::with_capacity(delivered.len());
        let mut all_appended = Vec::with_capacity(delivered.len());
        for Delivered { content, delivery, checkpoint } in delivered {
            let mut fresh = Fresh::new(*delivery, *checkpoint);
            all_appended.push(fresh.add(*content, &mut attempt));
            all_fresh.push(fresh);
        }
        let says_nothing = |fresh: &Fresh<'_>| fresh.len() == 0 && fresh.checkpoint.is_none();
        if !all_fresh.iter().all(says_nothing) {
            self.write(attempt, all_fresh, parts)?;
        }
        Ok(all_appended)
    }

    /// Refuses spans while there are too many unsealed rows, because more would fill the memory.
    fn check_room(&self) -> Result<(), StoreError> {
        let state = self.live.read();
        let (hot_rows, hot_memory) = (state.hot_rows(), state.hot_memory());
        drop(state);
        let is_full = hot_rows > MAX_UNSEALED * self.segment_rows.max(65_536)
            || hot_memory > MAX_UNSEALED * self.segment_bytes;
        if is_full {
            return Err(StoreError::CannotSeal { hot_rows });
        }
        Ok(())
    }

    /// Begins a new generation if the rows of the current one hold `segment_bytes`, so that a
    /// generation exceeds that by at most one commit, however fast spans arrive.
    fn end_full_generation(&self, writer: &mut Writer) -> Result<(), StoreError> {
        let is_full = self.live.read().hot.memory() >= self.segment_bytes;
        if is_full { self.begin_generation(writer).map(drop) } else { Ok(()) }
    }

    /// Finds the sealed parts of those traces of `delivered` that have no hot rows, and marks
    /// these traces as split.
    fn sealed_parts(&self, delivered: &[Delivered<'_>]) -> Result<SealedParts, StoreError> {
        self.live.reading(|| {
            let state = self.live.read();
            let (segments, sealing) = (state.segments.clone(), state.sealing.clone());
            let new = traces_not_in(&state.hot, delivered.iter().flat_map(traces));
            drop(state);
            find_and_mark(&segments, &sealing, &new)
        })
    }

    /// Makes one commit: the journal first, then memory. Slow or fallible work is done before the
    /// journal is written. After that, only pointers are moved and sums updated.
    fn write(
        &self,
        attempt: Attempt<'_>,
        fresh: Vec<Fresh<'_>>,
        parts: SealedParts,
    ) -> Result<(), StoreError> {
        let wall = || fresh.iter().map(|fresh| fresh.delivery.received);
        let (first, last) = (wall().min().unwrap_or_default(), wall().max().unwrap_or_default());
        let state = self.live.read();
        let (first_row, tail) = (state.hot.rows(), state.hot.tail());
        drop(state);
        let writer = &mut *attempt.writer;
        let checkpoints = fresh.iter().filter_map(Fresh::checkpoint).collect();
        let (rows, mut arrival) = writer.rows(fresh, first_row);
        parts.segments.into_iter().for_each(|(trace, older)| {
            arrival.mark_split(trace, older.into_iter().collect());
        });
        let commit = Commit { record: writer.record(checkpoints), rows };
        let joined = commit.rows.as_ref().map(|rows| tail.join(rows));
        writer.write(&commit)?;
        writer.next_receipt += joined.as_ref().map_or(0, |joined| u64::from(joined.new_rows()));
        attempt.done();
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

/// The traces of what was delivered.
fn traces<'a>(delivered: &Delivered<'a>) -> Box<dyn Iterator<Item = TraceId> + 'a> {
    match delivered.content {
        DeliveredContent::Groups(groups) => {
            Box::new(groups.iter().flatten().map(|span| span.trace_id))
        }
        DeliveredContent::Exports(exports) => Box::new(exports.iter().flat_map(SpanRows::traces)),
        DeliveredContent::Columns(rows) => Box::new(rows.traces()),
    }
}
