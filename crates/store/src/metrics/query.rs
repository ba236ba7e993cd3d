//! Reads metric rows by time, and in order of receipt.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use coral_engine::{Budget, BudgetError, DeltaQuery, MetricExtent, StoredDelta};
use coral_trace::UnixNanos;

use super::Metrics;
use super::file::{MetricFile, put_aside};
use super::file_reader::ReadError;
use crate::error::StoreError;

/// A page of rows, with its position in the store's sequence.
#[derive(Clone, PartialEq, Debug)]
pub struct MetricPage {
    /// Rows in order of receipt.
    pub rows: Vec<StoredDelta>,
    /// The cursor of the next page.
    pub next_receipt: u64,
    /// The newest readable receipt.
    pub last_receipt: u64,
    /// The oldest stored receipt.
    pub first_receipt: u64,
}

/// The most rows of one file that wait until the whole file was read, so that a damaged file adds
/// none: 30 MiB.
const MAX_WAITING: usize = 65_536;

/// Shows the rows of one file.
struct Shown<'a, V> {
    visit: &'a mut V,
    budget: &'a Budget,
    waiting: Vec<StoredDelta>,
    /// Whether rows were shown already, because too many waited.
    has_begun: bool,
}

impl<V: FnMut(&StoredDelta)> Shown<'_, V> {
    fn add(&mut self, rows: Vec<StoredDelta>) -> Result<(), BudgetError> {
        self.waiting.extend(rows);
        if self.waiting.len() > MAX_WAITING {
            self.has_begun = true;
            self.all()?;
        }
        Ok(())
    }

    fn all(&mut self) -> Result<(), BudgetError> {
        let mut pace = self.budget.pace();
        for row in self.waiting.drain(..) {
            pace.step()?;
            (self.visit)(&row);
        }
        Ok(())
    }
}

impl Metrics {
    /// See [`MetricReader::deltas`](coral_engine::MetricReader::deltas).
    pub(crate) fn deltas(
        &self,
        wanted: &DeltaQuery,
        budget: &Budget,
        mut visit: impl FnMut(&StoredDelta),
    ) -> Result<(), StoreError> {
        budget.check()?;
        let state = self.live.read();
        let (files, commits) = (state.files.clone(), state.commits());
        drop(state);
        let range = wanted.range;
        for file in files.iter().filter(|file| {
            let extent = &file.extent;
            let overlaps = extent.first_time < range.end.0 && extent.last_time >= range.start.0;
            extent.protocol == wanted.protocol as u8 && overlaps
        }) {
            let mut shown =
                Shown { visit: &mut visit, budget, waiting: Vec::new(), has_begun: false };
            let outcome = file.deltas(wanted, budget, |rows| shown.add(rows));
            match outcome.and_then(|()| Ok(shown.all()?)) {
                Ok(()) => {}
                Err(ReadError::Budget(error)) => return Err(error.into()),
                // What was shown cannot be taken back, so the question fails; asked again, it is
                // answered without the file.
                Err(ReadError::Store(error)) if shown.has_begun => {
                    self.unreadable(file, error)?;
                    return Err(StoreError::Damaged { column: "file", found: file.name() });
                }
                Err(ReadError::Store(error)) => self.unreadable(file, error)?,
            }
        }
        let mut pace = budget.pace();
        for rows in &commits {
            budget.count_rows(rows.len() as u64)?;
            for row in rows.iter() {
                pace.step()?;
                if wanted.wants(&row.delta) {
                    visit(row);
                }
            }
        }
        Ok(())
    }

    /// See [`Store::deltas_after`](crate::Store::deltas_after).
    pub(crate) fn deltas_after(&self, after: u64, limit: usize) -> Result<MetricPage, StoreError> {
        let state = self.live.read();
        let (last_receipt, first_receipt) = (state.last_receipt(), state.first_receipt());
        let (files, commits) = (state.files.clone(), state.commits());
        drop(state);
        let mut rows: Vec<StoredDelta> = Vec::new();
        for file in files.iter().filter(|file| file.extent.last_row > after) {
            // Files are sorted by first receipt, and their receipts may overlap. But neither this
            // file nor a later one has a row before this file's first receipt.
            let enough = rows.iter().filter(|row| row.receipt < file.extent.first_receipt).count();
            if enough >= limit {
                break;
            }
            match file.rows_after(after, limit) {
                Ok(found) => rows.extend(found),
                Err(error) => self.unreadable(file, error)?,
            }
        }
        let hot = commits.iter().flat_map(|commit| commit.iter());
        rows.extend(hot.filter(|row| row.receipt > after).take(limit).cloned());
        rows.sort_by_key(|row| row.receipt);
        rows.truncate(limit);
        let next_receipt = match rows.last() {
            Some(newest) if rows.len() >= limit => newest.receipt,
            _ => last_receipt.max(after),
        };
        Ok(MetricPage { rows, next_receipt, last_receipt, first_receipt })
    }

    /// The time of the oldest stored row; `None` without rows.
    pub(crate) fn first_time(&self) -> Option<UnixNanos> {
        let state = self.live.read();
        let (files, commits) = (state.files.clone(), state.commits());
        drop(state);
        let sealed = files.iter().map(|file| UnixNanos(file.extent.first_time));
        let hot = commits.iter().flat_map(|rows| rows.iter()).map(|row| row.delta.time);
        sealed.chain(hot).min()
    }

    /// See [`Store::metric_extent`](crate::Store::metric_extent).
    pub(crate) fn metric_extent(&self) -> MetricExtent {
        let live = &self.live;
        let state = live.read();
        MetricExtent {
            rows: state.hot_rows() + state.files.iter().map(|file| file.extent.rows).sum::<u64>(),
            bytes: state.files.iter().map(|file| file.bytes).sum(),
            last_receipt: state.last_receipt(),
            first_receipt: state.first_receipt(),
            series: live.series.load(Ordering::Relaxed),
            overflown: live.overflown.load(Ordering::Relaxed),
            damaged: state.damaged,
        }
    }

    /// Handles `error`, with which reading `file` failed. A damaged file is set aside, so that
    /// everything else stays readable.
    pub(super) fn unreadable(
        &self,
        file: &Arc<MetricFile>,
        error: StoreError,
    ) -> Result<(), StoreError> {
        let mut state = self.live.write();
        let stays = |other: &&Arc<MetricFile>| !Arc::ptr_eq(other, file);
        let is_current = !state.files.iter().all(|other| stays(&other));
        if !is_current {
            // The file expired or was set aside while it was read.
            return Ok(());
        }
        if !error.is_damage() {
            return Err(error);
        }
        state.files = Arc::new(state.files.iter().filter(stays).cloned().collect());
        state.damaged += file.extent.rows;
        drop(state);
        put_aside(&file.path, &error);
        Ok(())
    }
}
