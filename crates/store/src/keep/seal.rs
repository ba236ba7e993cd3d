//! Decides what is to be sealed, and in which order.

use coral_engine::SpanRetention;

use crate::error::StoreError;
use crate::layout::{bytes_under, log_dir};
use crate::spans::Spans;

/// What a round of maintenance seals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// The generations that are full.
    Waiting,
    /// These, and all hot rows.
    Everything,
}

/// A seal is due when the oldest hot row is as old as [`SpanRetention::age`] divided by this
/// number. Thus spans are kept at most a quarter longer than the retention.
const SEALS_PER_AGE: u32 = 4;

impl Spans {
    /// What is to be sealed now.
    pub(super) fn due(&self, keep: SpanRetention) -> Due {
        let state = self.live.read();
        let (hot_rows, hot_memory) = (state.hot_rows(), state.hot_memory());
        let oldest = state.generations().find_map(|rows| Some(rows.received?.oldest));
        // A generation that waits although it is not full is left from a failed seal.
        let waits = !state.sealing.is_empty();
        let has_failed = state.sealing.iter().any(|waiting| waiting.memory() < self.segment_bytes);
        drop(state);
        let old =
            oldest.is_some_and(|oldest| self.live.ages.of(oldest) >= keep.age / SEALS_PER_AGE);
        // Hot rows cannot be evicted, but segments can. So a seal is due when the logs use more
        // than half of the size limit.
        let is_large = || {
            // A failed measurement is repeated in the next round.
            bytes_under(&log_dir(&self.dir)).is_ok_and(|logs| logs > keep.bytes / 2)
        };
        if hot_rows == 0 {
            return Due::Nothing;
        }
        let many = hot_rows >= self.segment_rows || hot_memory >= self.segment_bytes;
        match () {
            () if has_failed || old || is_large() => Due::Everything,
            () if waits => Due::Waiting,
            () if many => Due::Everything,
            () => Due::Nothing,
        }
    }

    /// Seals waiting generations, then the hot rows if they are due. Each segment has later receipts
    /// than the one before.
    pub(super) fn seal(&self, due: Due) -> Result<u64, StoreError> {
        let _running = self.pressure.begin();
        let mut sealed = self.seal_waiting()?;
        // A commit may have ended a generation in the meantime.
        if due == Due::Everything && self.begin_sealing()?.is_some() {
            sealed += self.seal_waiting()?;
        }
        self.remove_obsolete_logs();
        Ok(sealed)
    }

    /// Seals the generations that wait now, oldest first.
    fn seal_waiting(&self) -> Result<u64, StoreError> {
        let waiting = self.live.read().sealing.clone();
        waiting.iter().map(|generation| self.seal_generation(generation)).sum()
    }
}
