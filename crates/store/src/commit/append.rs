//! Stores spans: one commit, each span once.

use coral_engine::Checkpoint;
use coral_trace::{Span, TraceId, UnixNanos};

use crate::commit::appended::Appended;
use crate::commit::encoding::Commit;
use crate::commit::fresh::Fresh;
use crate::commit::sealed_parts::{SealedParts, find_and_mark, traces_not_in};
use crate::commit::writer::{Attempt, Writer};
use crate::error::StoreError;
use crate::hot::generation::{MAX_MEAN_ROW_BYTES, ReceivedSpan};
use crate::page_columns::check::CheckedRows;
use crate::row::batch::Delivery;
use crate::spans::Spans;

/// Spans are refused while the hot rows are more than this multiple of `segment_rows`, or of
/// 65,536 if that is larger, or have more bytes than so many rows of [`MAX_MEAN_ROW_BYTES`]. Hot
/// rows become so many only if sealing fails.
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
        let delivery = Delivery { agent_id, received };
        let content = DeliveredContent::Groups(groups);
        let one = Delivered { content, delivery, checkpoint: None };
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
        parts.segments.into_iter().for_each(|(trace, older)| arrival.mark_split(trace, older));
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
        DeliveredContent::Columns(rows) => Box::new(rows.traces()),
    }
}
