//! Sealing hot rows into segments, and letting old segments go.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use coral_trace::{TraceId, UnixNanos};

use crate::error::StoreError;
use crate::generation::Generation;
use crate::segment::Segment;
use crate::store::{Inner, Store, segment_dir};

/// How long and how much a store keeps.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// Spans received longer ago than this go, a whole segment at a time.
    pub age: Duration,
    /// When the store is larger than this many bytes, the oldest segments go.
    pub bytes: u64,
}

/// What one round of maintenance did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Maintained {
    /// Spans moved from hot rows into a segment.
    pub sealed: u64,
    /// Spans that were older than [`Keep::age`].
    pub expired: u64,
    /// Spans that went because of [`Keep::bytes`]: kept shorter than was asked for.
    pub evicted: u64,
}

/// A seal is due when the oldest hot row has this part of [`Keep::age`]; so spans are kept at most a
/// quarter longer than asked for.
const SEALS_PER_AGE: u32 = 4;

impl Store {
    /// Seals hot rows when they are many, old or too large, then lets go of segments that are too old or
    /// too many bytes. Disk space returns at once, or when the last reader of a segment ends.
    /// RFD 036's `CleanupOldBeylaTraces`.
    ///
    /// Commits and queries go on meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]: what was done until then stays, what was not is due again. Segments go also when
    /// sealing fails, as it does on a full disk.
    pub fn maintain(&self, keep: Keep, now: UnixNanos) -> Result<Maintained, StoreError> {
        let inner = &self.0;
        let _alone = inner.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        let sealed = if inner.seal_is_due(keep, now) { inner.seal() } else { Ok(0) };
        let oldest_kept = now.earlier(keep.age).as_micros();
        let expired = inner.let_go(|segment, _| segment.extent.last_received < oldest_kept);
        let evicted = inner.let_go(|_, bytes| bytes > keep.bytes);
        Ok(Maintained { sealed: sealed?, expired, evicted })
    }

    /// Seals all hot rows now, however few they are. Returns how many.
    ///
    /// # Errors
    /// As [`maintain`](Self::maintain).
    pub fn seal(&self) -> Result<u64, StoreError> {
        let _alone = self.0.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.seal()
    }
}

impl Inner {
    fn seal_is_due(&self, keep: Keep, now: UnixNanos) -> bool {
        let state = self.live.read();
        let hot_rows = state.hot_rows();
        let since = state.generations().find_map(|generation| generation.received);
        let failed_before = state.sealing.is_some();
        drop(state);
        let old = since.is_some_and(|(since, _)| now.since(since) >= keep.age / SEALS_PER_AGE);
        // Hot rows cannot be evicted: past half the cap they become a segment, which can.
        let large = self.hot_bytes() > keep.bytes / 2;
        hot_rows > 0 && (failed_before || hot_rows >= self.config.segment_rows || old || large)
    }

    /// Seals what a failed seal left, then what came since.
    fn seal(&self) -> Result<u64, StoreError> {
        let before = self.live.read().sealing.clone();
        let mut sealed = before.map_or(Ok(0), |generation| self.seal_generation(&generation))?;
        if let Some(generation) = self.begin_sealing()? {
            sealed += self.seal_generation(&generation)?;
        }
        Ok(sealed)
    }

    /// From here on commits go to another generation. `None` when there is nothing to seal.
    pub(crate) fn begin_sealing(&self) -> Result<Option<Arc<Generation>>, StoreError> {
        let mut writer = self.writer();
        if self.live.read().hot.rows() == 0 {
            return Ok(None);
        }
        writer.begin_generation()?;
        let mut state = self.live.write();
        let next = Generation::after(writer.next_receipt);
        let generation = Arc::new(std::mem::replace(&mut state.hot, next));
        state.sealing = Some(generation.clone());
        Ok(Some(generation))
    }

    /// Writes a generation as a segment, and puts it in its place: for a crash by renaming it, for readers by
    /// moving pointers.
    pub(crate) fn seal_generation(&self, generation: &Generation) -> Result<u64, StoreError> {
        let segment = Segment::write(&segment_dir(&self.config.dir), generation, &self.footers)?;
        // Held so that no commit comes between the marks and the exchange; readers go on.
        let mut writer = self.writer();
        self.mark_shared(generation, &self.live.segments(), &segment)?;
        self.mark_continued(generation, &segment)?;
        let mut state = self.live.write();
        let spans = segment.spans();
        let segments = state.segments.iter().cloned().chain([Arc::new(segment)]).collect();
        state.segments = Arc::new(segments);
        state.sealing = None;
        drop(state);
        writer.end_sealing(&self.live.read().hot);
        Ok(spans)
    }

    /// Traces of the new segment that older ones have spans of.
    fn mark_shared(
        &self,
        generation: &Generation,
        segments: &[Arc<Segment>],
        segment: &Segment,
    ) -> Result<(), StoreError> {
        let rows = segment.continued()?;
        let ids = segment.details(&rows)?.into_iter().map(|(trace, _)| trace);
        segment.mark_split(rows.iter().copied().zip(ids));
        let older = generation.traces.values().flat_map(|trace| &trace.older);
        let older: std::collections::BTreeSet<u64> = older.copied().collect();
        for other in segments.iter().filter(|other| older.contains(&other.id())) {
            segment.link(other.id());
            other.link(segment.id());
        }
        Ok(())
    }

    /// Traces of the new segment that hot rows have spans of already.
    fn mark_continued(&self, sealed: &Generation, segment: &Segment) -> Result<(), StoreError> {
        let state = self.live.read();
        let both = sealed.traces.keys().filter(|trace| state.hot.traces.contains_key(*trace));
        let mut continued: Vec<TraceId> = both.copied().collect();
        drop(state);
        continued.sort_unstable();
        let found = segment.find(&continued)?;
        segment.mark_split(found.into_iter().map(|(row, index)| (row, continued[index])));
        Ok(())
    }

    /// Retires segments, oldest first, as long as `goes` says so of the oldest and of the store's size.
    fn let_go(&self, goes: impl Fn(&Segment, u64) -> bool) -> u64 {
        let mut gone = 0;
        loop {
            let hot_bytes = self.hot_bytes();
            let mut state = self.live.write();
            let bytes = hot_bytes + state.segments.iter().map(|segment| segment.bytes).sum::<u64>();
            let Some(oldest) = state.segments.first().filter(|oldest| goes(oldest, bytes)).cloned()
            else {
                return gone;
            };
            state.segments = Arc::new(state.segments[1..].to_vec());
            drop(state);
            oldest.retire();
            gone += oldest.spans();
        }
    }
}
