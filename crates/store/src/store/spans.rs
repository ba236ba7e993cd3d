//! Stores spans, and applies the retention.

use coral_engine::{Checkpoint, KnownAgent, SpanMaintenance, SpanRetention};
use coral_trace::{Span, UnixNanos};

use super::Store;
use crate::commit::append::DeliveredContent;
use crate::commit::appended::Appended;
use crate::error::StoreError;
use crate::keep::repair::{self, Repaired};
use crate::row::arrived::SpanRows;
use crate::row::batch::Delivery;

impl Store {
    /// Stores `groups` in one commit, received at `received`, and returns counts for each group. A
    /// span is identified by trace id and span id. A span that is stored already stays unchanged.
    ///
    /// After `Ok`, the commit survives `kill -9` and power loss.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was stored, and the same call may be repeated.
    pub fn append(
        &self,
        groups: &[Vec<Span>],
        received: UnixNanos,
    ) -> Result<Vec<Appended>, StoreError> {
        self.0.spans.commit(groups, "", received)
    }

    /// Stores `exports` like [`append`](Self::append), and returns counts for each export.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn append_rows(
        &self,
        exports: &[SpanRows],
        received: UnixNanos,
    ) -> Result<Vec<Appended>, StoreError> {
        let delivery = Delivery { agent_id: "", received };
        self.0.spans.commit_alone(DeliveredContent::Exports(exports), delivery)
    }

    /// All checkpoints, by agent. Does not wait for commits.
    pub fn checkpoints(&self) -> Vec<Checkpoint> {
        self.0.spans.live.read().directory.checkpoints.values().cloned().collect()
    }

    /// All registered agents, by id. Does not wait for commits.
    pub fn agents(&self) -> Vec<KnownAgent> {
        self.0.spans.live.read().directory.agents.values().cloned().collect()
    }

    /// Stores the address of an agent, replacing an earlier one, in a commit of its own.
    ///
    /// # Errors
    /// [`StoreError::Log`]: nothing changed.
    pub fn register_agent(&self, agent: &KnownAgent) -> Result<(), StoreError> {
        self.0.spans.writer().register(agent, &self.0.spans.live)
    }

    /// Seals hot rows when they are many or old, or use much of the size limit, then removes
    /// segments that exceed the retention or the size limit. Disk space is freed at once, or when
    /// the last reader of a segment ends.
    ///
    /// Does not block commits and queries. `now` is the wall-clock time. Only the first call uses
    /// `now`, and ignores it if the newest row was received more than `keep.age` before it.
    ///
    /// # Errors
    /// [`StoreError`]: what was done before stays, and the rest is done by the next call. Segments
    /// are removed even if sealing fails, as on a full disk. A failed seal is repeated after 1 s;
    /// each further failure doubles the wait, up to a minute.
    pub fn maintain(
        &self,
        keep: SpanRetention,
        now: UnixNanos,
    ) -> Result<SpanMaintenance, StoreError> {
        let done = self.0.spans.maintain(keep, now)?;
        let evicted = (done.evicted > 0).then(|| self.0.spans.live.read().first_received());
        self.0.coverage.maintain(keep, now, evicted.flatten())?;
        Ok(done)
    }

    /// Does a piece of the merge of small neighbouring segments into one, if one is due and the pause
    /// after the last piece is over. Returns how many segments became one. See
    /// [`Retention::merge_segments`](coral_engine::Retention).
    ///
    /// # Errors
    /// [`StoreError`]: no span was lost, and a later call begins the merge again.
    pub fn merge_segments(&self, keep: SpanRetention) -> Result<u64, StoreError> {
        self.0.spans.merge_segments(keep)
    }

    /// Makes all merges of segments that are due, without pauses. Returns how many segments were
    /// replaced.
    ///
    /// # Errors
    /// As [`merge_segments`](Self::merge_segments).
    pub fn merge_all_segments(&self, keep: SpanRetention) -> Result<u64, StoreError> {
        self.0.spans.merge_all_segments(keep)
    }

    /// Seals all hot rows now. Returns how many.
    ///
    /// # Errors
    /// As [`maintain`](Self::maintain).
    pub fn seal(&self) -> Result<u64, StoreError> {
        self.0.spans.seal_all()
    }

    /// Stores the spans of every segment that was set aside as damaged and can be read, as
    /// received at `now`, and removes the segment's files. Renames readable metric files back.
    /// Spans that are stored already are not stored twice. No other process may have the store
    /// open.
    ///
    /// # Errors
    /// [`StoreError`]: what was done before stays, and repeating the call continues.
    pub fn repair(&self, now: UnixNanos) -> Result<Repaired, StoreError> {
        let mut repaired = repair::spans(&self.0.spans, now)?;
        repair::metrics(&self.0.config.dir, &mut repaired)?;
        Ok(repaired)
    }
}
