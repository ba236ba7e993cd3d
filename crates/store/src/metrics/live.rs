//! What readers see: files, rows that are being sealed, and hot rows, as of one moment.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use coral_trace::UnixNanos;

use super::file::MetricFile;
use super::query::StoredDelta;
use crate::error::StoreError;

/// Changed only for as long as it takes to move pointers.
pub(crate) struct LiveMetrics(RwLock<MetricState>);

/// The places that hold rows.
#[derive(Default)]
pub(crate) struct MetricState {
    /// By the receipt of their first row.
    pub(crate) files: Arc<Vec<Arc<MetricFile>>>,
    /// Rows that are being written to files, or wait to be because that failed.
    pub(crate) sealing: Option<Arc<HotRows>>,
    /// Rows that came since.
    pub(crate) hot: HotRows,
}

/// Rows between two seals.
#[derive(Clone, Default)]
pub(crate) struct HotRows {
    pub(crate) first_receipt: u64,
    /// One above the newest.
    pub(crate) next_receipt: u64,
    /// Commit by commit, in order.
    pub(crate) commits: Vec<Arc<Vec<StoredDelta>>>,
    pub(crate) rows: u64,
    /// When the first was received.
    pub(crate) since: Option<UnixNanos>,
}

/// Hot rows at which they are sealed: 15 MiB.
pub(super) const SEAL_ROWS: u64 = 32_768;
/// When sealing fails, this many times as many are taken before points are refused.
const MOST_UNSEALED: u64 = 4;

impl LiveMetrics {
    pub(super) fn new(files: Vec<Arc<MetricFile>>, hot: HotRows) -> Self {
        Self(RwLock::new(MetricState { files: Arc::new(files), sealing: None, hot }))
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, MetricState> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, MetricState> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses when rows cannot be sealed: they would fill the memory.
    pub(super) fn check_room(&self) -> Result<(), StoreError> {
        let hot_rows = self.read().hot_rows();
        if hot_rows > MOST_UNSEALED * SEAL_ROWS {
            return Err(StoreError::CannotSeal { hot_rows });
        }
        Ok(())
    }

    /// Adds one commit's rows.
    pub(super) fn push(&self, rows: Vec<StoredDelta>) {
        self.write().hot.push(rows);
    }
}

impl MetricState {
    /// Rows in memory, oldest first.
    pub(super) fn generations(&self) -> impl Iterator<Item = &HotRows> {
        self.sealing.as_deref().into_iter().chain([&self.hot])
    }

    /// Rows in memory.
    pub(super) fn hot_rows(&self) -> u64 {
        self.generations().map(|generation| generation.rows).sum()
    }

    /// The commits in memory, to be read when the lock is free again.
    pub(crate) fn commits(&self) -> Vec<Arc<Vec<StoredDelta>>> {
        self.generations().flat_map(|generation| generation.commits.iter().cloned()).collect()
    }

    /// The newest receipt; 0 before the first.
    pub(super) fn last_receipt(&self) -> u64 {
        self.hot.next_receipt - 1
    }

    /// The oldest receipt that is still stored; one above the newest when there is none.
    pub(super) fn first_receipt(&self) -> u64 {
        let file = self.files.first().map(|file| file.extent.first_receipt);
        let hot = self.generations().next().map(|generation| generation.first_receipt);
        file.or(hot).unwrap_or(1)
    }
}

impl HotRows {
    pub(super) fn after(first_receipt: u64) -> Self {
        Self { first_receipt, next_receipt: first_receipt, ..Self::default() }
    }

    pub(super) fn push(&mut self, rows: Vec<StoredDelta>) {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return };
        self.since.get_or_insert(first.received);
        self.next_receipt = last.receipt + 1;
        self.rows += rows.len() as u64;
        self.commits.push(Arc::new(rows));
    }
}
