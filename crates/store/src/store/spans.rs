//! Storing spans, keeping them and letting them go.

use coral_engine::{Checkpoint, KnownAgent, SpanMaintenance, SpanRetention};
use coral_trace::{Span, UnixNanos};

use super::Store;
use crate::commit::appended::Appended;
use crate::error::StoreError;
use crate::keep::repair::{self, Repaired};

impl Store {
    /// Stores `groups` in one commit, received at `received`, and says of each what became of it. A
    /// span is known by (trace id, span id); one that is stored already is left as it is.
    ///
    /// When this returns `Ok`, a `kill -9` cannot undo it, nor a power loss. RFD 036's `StoreTrace`.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was stored, and the same call may succeed later.
    pub fn append(
        &self,
        groups: &[Vec<Span>],
        received: UnixNanos,
    ) -> Result<Vec<Appended>, StoreError> {
        self.0.spans.commit(groups, "", received)
    }

    /// Every checkpoint, by agent. Does not wait for commits.
    pub fn checkpoints(&self) -> Vec<Checkpoint> {
        self.0.spans.live.read().directory.checkpoints.values().cloned().collect()
    }

    /// Every agent that registered, by id. Does not wait for commits.
    pub fn agents(&self) -> Vec<KnownAgent> {
        self.0.spans.live.read().directory.agents.values().cloned().collect()
    }

    /// Remembers where an agent is polled, in place of what was known of it, in a commit of its own.
    ///
    /// # Errors
    /// [`StoreError::Log`]: nothing changed.
    pub fn register_agent(&self, agent: &KnownAgent) -> Result<(), StoreError> {
        self.0.spans.writer().register(agent, &self.0.spans.live)
    }

    /// Seals hot rows when they are many, old or too large, then lets go of segments that are too old or
    /// too many bytes. Disk space returns at once, or when the last reader of a segment ends.
    /// RFD 036's `CleanupOldBeylaTraces`.
    ///
    /// Commits and queries go on meanwhile. `now` is the wall clock; only the first call believes it, and not if it is
    /// ahead of the newest row by more than `keep.age`.
    ///
    /// # Errors
    /// [`StoreError`]: what was done until then stays, what was not is due again. Segments go also when
    /// sealing fails, as it does on a full disk. A failed seal is tried again after 1 s, then twice as long each time, up to
    /// a minute.
    pub fn maintain(
        &self,
        keep: SpanRetention,
        now: UnixNanos,
    ) -> Result<SpanMaintenance, StoreError> {
        self.0.spans.maintain(keep, now)
    }

    /// Seals all hot rows now, however few they are. Returns how many.
    ///
    /// # Errors
    /// As [`maintain`](Self::maintain).
    pub fn seal(&self) -> Result<u64, StoreError> {
        self.0.spans.seal_all()
    }

    /// Stores the spans of every damaged segment that can be read from its beginning to its end once more, as received
    /// at `now`, and removes its files; gives whole files of metrics their names back. Spans that were stored again
    /// since are not stored twice. No other process may have the store.
    ///
    /// # Errors
    /// [`StoreError`]: what was done until then stays, and the same call goes on from there.
    pub fn repair(&self, now: UnixNanos) -> Result<Repaired, StoreError> {
        let mut repaired = repair::spans(&self.0.spans, now)?;
        repair::metrics(&self.0.config.dir, &mut repaired)?;
        Ok(repaired)
    }
}
