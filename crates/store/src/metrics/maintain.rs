//! Seals hot rows into files, and removes old files.

use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use coral_engine::{MetricMaintenance, MetricRetention, StoredDelta};
use coral_trace::UnixNanos;
use coral_trace::red::Protocol;

use super::Metrics;
use super::file::MetricFile;
use super::live::{HotRows, SEAL_ROWS};
use crate::error::StoreError;
use crate::journal::remove_logs;
use crate::layout::metric_file_dir;

/// A seal is due when the oldest hot row is as old as the shortest retention of a protocol,
/// divided by this number.
const SEALS_PER_AGE: u32 = 4;
/// Counters of exporters that sent nothing for this long are removed. Their next point counts as
/// the first.
const FORGET_AFTER: Duration = Duration::from_secs(24 * 3_600);

impl Metrics {
    /// See [`Store::maintain_metrics`](crate::Store::maintain_metrics).
    pub(crate) fn maintain_metrics(
        &self,
        keep: MetricRetention,
        now: UnixNanos,
    ) -> Result<MetricMaintenance, StoreError> {
        let ages = &self.live.ages;
        let mut backoff = self.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        // The shortest retention is used, so that a wrong clock deletes no rows of any protocol.
        ages.settle(now, self.newest_before_opening(), keep.shortest());
        self.forget_silent(ages.now(now));
        let uptime = ages.uptime();
        let is_due = backoff.is_over(uptime) && self.seal_is_due(keep);
        let sealed = if is_due { backoff.note(uptime, self.seal_metrics_alone()) } else { Ok(0) };
        let logs_are_gone = self.remove_obsolete_logs();
        let (mut expired, mut evicted) = (0, 0);
        if logs_are_gone {
            // No file is removed while a log holds its rows, because a replay of the log would
            // restore them.
            expired = self.let_go(|file, next, _| {
                let mut received = file.received;
                received.unix = received.unix.min(next);
                file.protocol().is_some_and(|protocol| ages.of(received) > keep.age(protocol))
            });
            evicted = self.let_go(|_, _, bytes| bytes > keep.bytes);
        }
        Ok(MetricMaintenance { sealed: sealed?, expired, evicted })
    }

    /// See [`Store::seal_metrics`](crate::Store::seal_metrics).
    pub(crate) fn seal_metrics(&self) -> Result<u64, StoreError> {
        let _alone = self.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        self.seal_metrics_alone()
    }

    /// Seals the rows of a failed seal, then the hot rows.
    fn seal_metrics_alone(&self) -> Result<u64, StoreError> {
        let dir = metric_file_dir(&self.dir);
        let before = self.live.read().sealing.clone();
        let mut sealed = before.map_or(Ok(0), |rows| self.seal(&dir, &rows))?;
        if let Some(rows) = self.begin_sealing()? {
            sealed += self.seal(&dir, &rows)?;
        }
        self.remove_obsolete_logs();
        Ok(sealed)
    }

    /// When an earlier process received its newest stored row.
    fn newest_before_opening(&self) -> Option<UnixNanos> {
        let state = self.live.read();
        let files = state.files.iter().map(|file| file.received);
        let hot = state.generations().filter_map(|rows| Some(rows.received?.1));
        let before = files.chain(hot).filter(|received| received.uptime.is_none());
        before.last().map(|received| received.unix)
    }

    /// Removes counters of silent exporters, so that they do not use up the limit of series.
    /// Called even when there is nothing to seal.
    fn forget_silent(&self, now: UnixNanos) {
        let mut writer = self.writer();
        writer.counters.at(now);
        writer.counters.forget(now.earlier(FORGET_AFTER));
        self.publish(&writer);
    }

    /// Removes logs whose rows are sealed. Returns `false` if one could not be removed.
    fn remove_obsolete_logs(&self) -> bool {
        let obsolete = self.writer().journal.take_obsolete();
        let left = remove_logs(obsolete);
        let all_are_gone = left.is_empty();
        self.writer().journal.put_back_obsolete(left);
        all_are_gone
    }

    fn seal_is_due(&self, keep: MetricRetention) -> bool {
        let state = self.live.read();
        let oldest = state.generations().find_map(|rows| Some(rows.received?.0));
        let old = oldest
            .is_some_and(|oldest| self.live.ages.of(oldest) >= keep.shortest() / SEALS_PER_AGE);
        state.hot_rows() > 0 && (state.sealing.is_some() || state.hot_rows() >= SEAL_ROWS || old)
    }

    /// Begins a new generation for later commits. Returns the rows so far, which are to be sealed;
    /// `None` if there are none.
    fn begin_sealing(&self) -> Result<Option<Arc<HotRows>>, StoreError> {
        let mut writer = self.writer();
        if self.live.read().hot.rows == 0 {
            return Ok(None);
        }
        writer.begin_generation(&self.live)?;
        let mut state = self.live.write();
        let next = HotRows::after(writer.next_receipt);
        let rows = Arc::new(std::mem::replace(&mut state.hot, next));
        state.sealing = Some(rows.clone());
        Ok(Some(rows))
    }

    /// Writes a generation as one file per protocol. After a crash, rows that are in no file are
    /// still in the log, and are replayed when the store is opened.
    fn seal(&self, dir: &Path, generation: &HotRows) -> Result<u64, StoreError> {
        let last = generation.next_receipt - 1;
        let rows: Vec<&StoredDelta> =
            generation.commits.iter().flat_map(|commit| commit.iter()).collect();
        let mut files = Vec::new();
        for protocol in Protocol::ALL {
            let of: Vec<&StoredDelta> =
                rows.iter().copied().filter(|row| row.delta.series.protocol == protocol).collect();
            files.extend(
                MetricFile::write(dir, of, last, generation.received.map(|(_, newest)| newest))?
                    .map(Arc::new),
            );
        }
        let mut writer = self.writer();
        let mut state = self.live.write();
        let mut all: Vec<_> = state.files.iter().cloned().chain(files).collect();
        all.sort_by_key(|file| file.extent.first_receipt);
        state.files = Arc::new(all);
        state.sealing = None;
        drop(state);
        writer.journal.end_sealing();
        Ok(rows.len() as u64)
    }

    /// Removes the first file for which `goes` returns true, again and again until there is none.
    /// Returns the number of removed rows. Arguments of `goes`: the file; the wall-clock time at
    /// which the newest row of the protocol's next file was received; the size of all files in
    /// bytes.
    fn let_go(&self, goes: impl Fn(&MetricFile, UnixNanos, u64) -> bool) -> u64 {
        let mut gone = 0;
        loop {
            let state = self.live.read();
            let files = state.files.clone();
            drop(state);
            let bytes = files.iter().map(|file| file.bytes).sum();
            let going = files.iter().enumerate().find(|(at, file)| {
                // A row is at least as old as rows with later receipts, even if its recorded
                // wall-clock time is later than theirs.
                let mut later = files[at + 1..].iter();
                let next = later.find(|later| later.extent.protocol == file.extent.protocol);
                // Without the file, nothing would say after a crash that those which it replaces are
                // obsolete.
                file.is_settled()
                    && goes(file, next.map_or(UnixNanos::MAX, |next| next.received.unix), bytes)
            });
            let Some((_, file)) = going else { return gone };
            let mut state = self.live.write();
            let stay = state.files.iter().filter(|other| !Arc::ptr_eq(other, file));
            state.files = Arc::new(stay.cloned().collect());
            drop(state);
            file.retire();
            gone += file.extent.rows;
        }
    }
}
