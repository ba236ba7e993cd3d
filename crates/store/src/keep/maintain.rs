//! Seals hot rows into segments, and removes old segments.

use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use coral_engine::{SpanMaintenance, SpanRetention};
use coral_trace::{TraceId, UnixNanos};

use crate::calls;
use crate::commit::writer::Writer;
use crate::disk;
use crate::error::StoreError;
use crate::hot::generation::Generation;
use crate::journal::remove_logs;
use crate::keep::seal::Due;
use crate::layout::{MERGE_DIR, bytes_under, log_dir, segment_dir, sql_dir};
use crate::segment::{self, Segment};
use crate::spans::Spans;

/// The interval at which the directory is measured. A seal or an expiry also causes a measurement.
const MEASURE_INTERVAL: Duration = Duration::from_secs(2);
/// Segments may always use the size limit divided by this number, even if other files use the
/// rest: removing segments would not make the other files smaller.
const SEGMENTS_SHARE: u64 = 4;
impl Spans {
    /// Runs one round of maintenance. See [`Store::maintain`](crate::Store::maintain).
    pub(crate) fn maintain(
        &self,
        keep: SpanRetention,
        now: UnixNanos,
    ) -> Result<SpanMaintenance, StoreError> {
        let mut maintenance = self.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        let ages = &self.live.ages;
        ages.settle(now, self.newest_before_opening(), keep.age);
        let uptime = ages.uptime();
        let due = if maintenance.backoff.is_over(uptime) { self.due(keep) } else { Due::Nothing };
        let is_due = due != Due::Nothing;
        let sealed = if is_due { maintenance.backoff.note(uptime, self.seal(due)) } else { Ok(0) };
        self.begin_log_if_idle()?;
        // No segment is removed while a log holds its rows, because a replay of the log would
        // restore them.
        let logs_are_gone = self.remove_obsolete_logs();
        let expired =
            if logs_are_gone { self.expire(keep.age, &mut maintenance.retired) } else { 0 };
        let changed = expired > 0 || is_due;
        if changed || maintenance.measured.is_none_or(|at| uptime >= at + MEASURE_INTERVAL) {
            self.measure_disk()?;
            maintenance.measured = Some(uptime);
        }
        let evicted =
            if logs_are_gone { self.evict(keep.bytes, &mut maintenance.retired)? } else { 0 };
        Ok(SpanMaintenance { sealed: sealed?, expired, evicted })
    }

    /// Seals all hot rows now. Returns how many.
    pub(crate) fn seal_all(&self) -> Result<u64, StoreError> {
        let _alone = self.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        self.seal(Due::Everything)
    }

    /// When an earlier process received its newest stored row.
    fn newest_before_opening(&self) -> Option<UnixNanos> {
        let state = self.live.read();
        let segments = state.segments.iter().map(|segment| segment.received);
        let hot = state.generations().filter_map(|rows| Some(rows.received?.newest));
        let before = segments.chain(hot).filter(|received| received.uptime.is_none());
        before.last().map(|received| received.unix)
    }

    /// Measures everything that the store has on disk, including damaged and partial files and
    /// removed segments that readers hold.
    pub(crate) fn measure_disk(&self) -> Result<(), StoreError> {
        let dir = &self.dir;
        let bytes = bytes_under(dir).map_err(StoreError::directory(dir))?;
        self.live.measured(bytes);
        Ok(())
    }

    /// Removes logs whose rows are all sealed. Returns `false` if such a log could not be removed,
    /// or if a log with unsealed rows may also hold sealed rows.
    pub(super) fn remove_obsolete_logs(&self) -> bool {
        let obsolete = self.writer().journal.take_obsolete();
        let left = remove_logs(obsolete);
        let all_are_gone = left.is_empty();
        let mut writer = self.writer();
        writer.journal.put_back_obsolete(left);
        all_are_gone && !writer.journal.is_mixed()
    }

    /// Begins a new log when there are no hot rows, and the current logs hold sealed rows or are
    /// large.
    fn begin_log_if_idle(&self) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let state = self.live.read();
        let is_idle = state.sealing.is_empty() && state.hot.rows() == 0;
        drop(state);
        if is_idle && writer.journal.is_worn() {
            writer.begin_generation(&self.live)?;
            writer.end_sealing(&self.live.read().hot);
        }
        Ok(())
    }

    /// Begins a new generation for later commits. Returns the generation before, which is to be
    /// sealed; `None` if it has no rows.
    pub(crate) fn begin_sealing(&self) -> Result<Option<Arc<Generation>>, StoreError> {
        self.begin_generation(&mut self.writer())
    }

    /// As [`begin_sealing`](Self::begin_sealing), for a caller that has locked the writer.
    pub(crate) fn begin_generation(
        &self,
        writer: &mut Writer,
    ) -> Result<Option<Arc<Generation>>, StoreError> {
        if self.live.read().hot.rows() == 0 {
            return Ok(None);
        }
        writer.begin_generation(&self.live)?;
        let mut state = self.live.write();
        let next = Generation::after(writer.next_receipt);
        let generation = Arc::new(std::mem::replace(&mut state.hot, next));
        state.sealing.push(generation.clone());
        Ok(Some(generation))
    }

    /// Writes a generation as a segment. The segment becomes permanent by renaming its file, and
    /// visible to readers by moving pointers.
    pub(crate) fn seal_generation(&self, generation: &Generation) -> Result<u64, StoreError> {
        let opened = Segment::write(&segment_dir(&self.dir), generation, &self.footers)?;
        // The writer is locked so that no commit comes between marking split traces and publishing
        // the segment. Readers are not blocked.
        let mut writer = self.writer();
        opened.mark_split(self.live.segments().iter());
        let segment = opened.segment;
        self.mark_split_with_others(generation, &segment)?;
        let mut state = self.live.write();
        let (spans, id) = (segment.spans(), segment.id());
        let segments = state.segments.iter().cloned().chain([segment.clone()]).collect();
        state.segments = Arc::new(segments);
        state.sealing.retain(|waiting| waiting.first_receipt != id);
        let all_are_sealed = state.sealing.is_empty();
        drop(state);
        if all_are_sealed {
            writer.end_sealing(&self.live.read().hot);
        }
        drop(writer);
        calls::keep_up_with(&segment, &self.live.segments());
        Ok(spans)
    }

    /// Marks as split the traces of the new `segment` of which other generations also have spans.
    fn mark_split_with_others(
        &self,
        sealed: &Generation,
        segment: &Segment,
    ) -> Result<(), StoreError> {
        let state = self.live.read();
        let others: Vec<&Generation> = state
            .generations()
            .filter(|other| other.first_receipt != sealed.first_receipt)
            .collect();
        let is_elsewhere =
            |trace: &&TraceId| others.iter().any(|other| other.traces.contains_key(*trace));
        let both = sealed.traces.keys().filter(is_elsewhere);
        let mut continued: Vec<TraceId> = both.copied().collect();
        drop(state);
        continued.sort_unstable();
        let found = segment.find(&continued)?;
        segment.mark_split(found.into_iter().map(|(row, index)| (row, continued[index])));
        Ok(())
    }

    /// Removes segments whose rows are all older than `age`.
    fn expire(&self, age: Duration, retired: &mut Vec<(Weak<Segment>, u64)>) -> u64 {
        let segments = self.live.segments();
        let mut old = 0;
        // Receipts are in order of time. So a row is at least as old as rows with later receipts,
        // even if its recorded wall-clock time is later than theirs.
        let mut next: Option<UnixNanos> = None;
        for (at, segment) in segments.iter().enumerate().rev() {
            let mut received = segment.received;
            received.unix = next.map_or(received.unix, |next| next.min(received.unix));
            if received.uptime.is_none() {
                next = Some(received.unix);
            }
            if self.live.ages.of(received) > age {
                old = at + 1;
                break;
            }
        }
        self.let_go(&segments[..old], retired)
    }

    /// Removes damaged files, then the oldest segments, until the store uses at most `cap` bytes.
    /// Removed segments that readers still hold, temporary files of SQL questions, and a merged segment
    /// that is being written do not count.
    fn evict(&self, cap: u64, retired: &mut Vec<(Weak<Segment>, u64)>) -> Result<u64, StoreError> {
        let known = retired.len();
        retired.retain(|(segment, _)| segment.strong_count() > 0);
        if retired.len() < known {
            self.measure_disk()?;
        }
        let held: u64 = retired.iter().map(|(_, bytes)| bytes).sum();
        let passing = held
            + bytes_of_questions(&self.dir).unwrap_or_default()
            + bytes_under(&segment_dir(&self.dir).join(MERGE_DIR)).unwrap_or_default();
        let total = self.live.disk_bytes().saturating_sub(passing);
        if total <= cap {
            return Ok(0);
        }
        let mut damaged = 0;
        for dir in [log_dir(&self.dir), segment_dir(&self.dir)] {
            damaged += remove_damaged(&dir, (total - cap).saturating_sub(damaged))?;
        }
        let segments = self.live.segments();
        let mut bytes: u64 = segments.iter().map(|segment| segment.bytes()).sum();
        let others = total.saturating_sub(damaged).saturating_sub(bytes);
        let allowed = cap.saturating_sub(others).max(cap / SEGMENTS_SHARE);
        let mut go = 0;
        while bytes > allowed && go < segments.len() {
            bytes = bytes.saturating_sub(segments[go].bytes());
            go += 1;
        }
        let evicted = self.let_go(&segments[..go], retired);
        // The files of a segment are removed when the last reference to it is dropped.
        drop(segments);
        self.measure_disk()?;
        Ok(evicted)
    }

    /// Removes the segments `oldest`, which must be the oldest of the store. Returns their number
    /// of spans.
    fn let_go(&self, oldest: &[Arc<Segment>], retired: &mut Vec<(Weak<Segment>, u64)>) -> u64 {
        let Some(last) = oldest.last() else { return 0 };
        let last = last.id();
        let mut state = self.live.write();
        let stay = state.segments.iter().filter(|segment| segment.id() > last).cloned().collect();
        state.segments = Arc::new(stay);
        drop(state);
        // Spans of a damaged segment before these are even older.
        if let Err(error) = segment::remove_damaged_before(&segment_dir(&self.dir), last) {
            let error = crate::error::chain(&error);
            tracing::warn!(error, "could not remove the damaged files of expired spans");
        }
        for segment in oldest {
            segment.retire();
            retired.push((Arc::downgrade(segment), segment.bytes()));
        }
        oldest.iter().map(|segment| segment.spans()).sum()
    }
}

/// Size of the temporary files of running SQL questions.
fn bytes_of_questions(dir: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(sql_dir(dir))? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "files") {
            bytes += bytes_under(&path)?;
        }
    }
    Ok(bytes)
}

/// Removes damaged files, the oldest first, until `bytes` are freed. Returns how many bytes were
/// freed.
fn remove_damaged(dir: &Path, bytes: u64) -> Result<u64, StoreError> {
    let mut removed = 0;
    for path in segment::damaged_files(dir)? {
        if removed >= bytes {
            break;
        }
        let length = std::fs::metadata(&path).map_or(0, |file| file.len());
        disk::remove(&path).map_err(StoreError::directory(&path))?;
        tracing::warn!(file = %path.display(), "removed a damaged file because the store exceeds its size limit");
        removed += length;
    }
    Ok(removed)
}
