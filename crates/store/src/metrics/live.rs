//! What readers of metrics see at one moment: files, rows that are being sealed, and hot rows.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use coral_trace::UnixNanos;

use super::file::MetricFile;
use crate::clock::{Ages, Received};
use crate::error::StoreError;
use coral_engine::MetricCheckpoint;
use coral_engine::StoredDelta;

/// The current state, behind a lock. Writers hold the lock only to move pointers.
pub(crate) struct LiveMetrics {
    state: RwLock<MetricState>,
    /// The ages of rows.
    pub(super) ages: Ages,
    /// Number of series whose counters are kept, after the last commit.
    pub(super) series: AtomicU64,
    /// Number of points that were counted in an overflow series until the last commit.
    pub(super) overflown: AtomicU64,
}

/// All rows of metrics.
#[derive(Default)]
pub(crate) struct MetricState {
    /// Sealed files, in order of the receipt of their first row.
    pub(crate) files: Arc<Vec<Arc<MetricFile>>>,
    /// Rows that are being written to files, or wait because writing them failed.
    pub(crate) sealing: Option<Arc<HotRows>>,
    /// The rows committed after those in `sealing`.
    pub(crate) hot: HotRows,
    /// Checkpoints of agents' metrics.
    pub(super) checkpoints: BTreeMap<String, MetricCheckpoint>,
    /// How many rows were stored and cannot be read.
    pub(super) damaged: u64,
}

/// Rows between two seals.
#[derive(Clone, Default)]
pub(crate) struct HotRows {
    pub(crate) first_receipt: u64,
    /// The receipt after the newest row.
    pub(crate) next_receipt: u64,
    /// Rows of each commit, in order.
    pub(crate) commits: Vec<Arc<Vec<StoredDelta>>>,
    pub(crate) rows: u64,
    /// When the first and the newest row were received.
    pub(super) received: Option<(Received, Received)>,
}

/// Number of hot rows at which a seal is due. So many rows use 15 MiB of memory.
pub(super) const SEAL_ROWS: u64 = 32_768;
/// Points are refused while the hot rows are more than this multiple of [`SEAL_ROWS`]. Hot rows
/// become so many only if sealing fails.
const MAX_UNSEALED: u64 = 4;

impl LiveMetrics {
    pub(super) fn new(state: MetricState, ages: Ages) -> Self {
        let (series, overflown) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { state: RwLock::new(state), ages, series, overflown }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, MetricState> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, MetricState> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses points while there are too many unsealed rows, because more would fill the memory.
    pub(super) fn check_room(&self) -> Result<(), StoreError> {
        let hot_rows = self.read().hot_rows();
        if hot_rows > MAX_UNSEALED * SEAL_ROWS {
            return Err(StoreError::CannotSeal { hot_rows });
        }
        Ok(())
    }

    /// Checkpoints of agents' metrics.
    pub(crate) fn checkpoints(&self) -> Vec<MetricCheckpoint> {
        self.read().checkpoints.values().cloned().collect()
    }

    /// Adds the rows of one commit.
    pub(super) fn push(
        &self,
        rows: Vec<StoredDelta>,
        received: UnixNanos,
        checkpoint: Option<MetricCheckpoint>,
    ) {
        let (rows, received) = (Arc::new(rows), self.ages.received(received));
        let mut state = self.write();
        state.hot.push(rows, Some(received));
        if let Some(checkpoint) = checkpoint {
            state.checkpoints.insert(checkpoint.agent_id.clone(), checkpoint);
        }
    }
}

impl MetricState {
    /// Generations in memory, oldest first.
    pub(super) fn generations(&self) -> impl Iterator<Item = &HotRows> {
        self.sealing.as_deref().into_iter().chain([&self.hot])
    }

    /// Number of rows in memory.
    pub(super) fn hot_rows(&self) -> u64 {
        self.generations().map(|generation| generation.rows).sum()
    }

    /// The commits in memory, to be read without the lock.
    pub(crate) fn commits(&self) -> Vec<Arc<Vec<StoredDelta>>> {
        self.generations().flat_map(|generation| generation.commits.iter().cloned()).collect()
    }

    /// The newest receipt; 0 before the first.
    pub(super) fn last_receipt(&self) -> u64 {
        self.hot.next_receipt - 1
    }

    /// The oldest stored receipt; one above the newest when nothing is stored.
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

    /// Adds the rows of one commit. `received` is `None` for rows of an earlier process.
    pub(super) fn push(&mut self, rows: Arc<Vec<StoredDelta>>, received: Option<Received>) {
        let Some(last) = rows.last() else { return };
        let received = received.unwrap_or(Received::before_opening(last.received));
        let first = self.received.map_or(received, |(first, _)| first);
        self.received = Some((first, received));
        self.next_receipt = last.receipt + 1;
        self.rows += rows.len() as u64;
        self.commits.push(rows);
    }
}
