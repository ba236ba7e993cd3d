//! What readers see at one moment: segments, rows that are being sealed, and hot rows.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use coral_trace::UnixNanos;

use crate::clock::Ages;
use crate::commit::checkpoint::AgentDirectory;
use crate::error::StoreError;
use crate::hot::generation::Generation;
use crate::segment::Segment;

/// The current state, behind a lock. Writers hold the lock only to move pointers and to update
/// sums.
pub(crate) struct Live {
    state: RwLock<State>,
    /// The ages of rows.
    pub(crate) ages: Ages,
    /// How many spans were lost in damaged files before the oldest readable segment. Their receipts
    /// are no gap between receipts. Those of a log count until the store is closed.
    damaged: AtomicU64,
    /// Size of the store's directory in bytes, at the last measurement.
    disk_bytes: AtomicU64,
}

/// All rows of the store, oldest first.
pub(crate) struct State {
    /// Segments in order of receipt.
    pub(crate) segments: Arc<Vec<Arc<Segment>>>,
    /// Generations that are being sealed or wait to be sealed, oldest first. A generation waits
    /// because a seal failed, or because a damaged log left a gap of receipts after it.
    pub(crate) sealing: Vec<Arc<Generation>>,
    /// The rows committed after those in `sealing`.
    pub(crate) hot: Generation,
    /// A colony's agents and checkpoints.
    pub(crate) directory: AgentDirectory,
}

impl Live {
    /// `damaged` spans were lost in damaged files before the oldest readable segment.
    pub(crate) fn new(state: State, damaged: u64, ages: Ages) -> Self {
        Self {
            state: RwLock::new(state),
            ages,
            damaged: AtomicU64::new(damaged),
            disk_bytes: AtomicU64::new(0),
        }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current segments.
    pub(crate) fn segments(&self) -> Arc<Vec<Arc<Segment>>> {
        self.read().segments.clone()
    }

    /// Runs `read`. If `read` finds a damaged segment, sets the segment aside and runs `read`
    /// again.
    pub(crate) fn reading<T>(
        &self,
        mut read: impl FnMut() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut replaced = None;
        loop {
            match read() {
                Err(StoreError::SegmentUnreadable { id, last_receipt, source }) => {
                    let receipts = (id, last_receipt);
                    let error = crate::error::chain(&source);
                    if self.drop_damaged(receipts) {
                        tracing::error!(segment = id, error, "a damaged segment was set aside");
                    } else if replaced.replace(receipts) == Some(receipts) {
                        // It was merged into another segment, and `read` insists on it.
                        return Err(*source);
                    }
                }
                outcome => return outcome,
            }
        }
    }

    /// Removes the damaged segment with these receipts from the state, so that everything else stays
    /// readable. Returns `false` if it is not there: it was removed, or merged into another segment,
    /// after the caller found it.
    pub(crate) fn drop_damaged(&self, receipts: (u64, u64)) -> bool {
        let mut state = self.write();
        let damaged = state.segments.iter().find(|segment| segment.receipts() == receipts);
        let Some(segment) = damaged.cloned() else { return false };
        let missing_before = state.missing();
        let stay = state.segments.iter().filter(|other| !Arc::ptr_eq(other, &segment));
        state.segments = Arc::new(stay.cloned().collect());
        // A gap is no gap any more if the segment before the gap was the oldest one.
        let lost = (missing_before + segment.spans()).saturating_sub(state.missing());
        self.damaged.fetch_add(lost, Ordering::Relaxed);
        drop(state);
        segment.quarantine();
        true
    }

    /// Size of the store's directory in bytes, at the last measurement.
    pub(crate) fn disk_bytes(&self) -> u64 {
        self.disk_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn measured(&self, disk_bytes: u64) {
        self.disk_bytes.store(disk_bytes, Ordering::Relaxed);
    }

    /// Spans that were lost without leaving a gap, and so are not part of [`State::missing`].
    pub(crate) fn damaged(&self) -> u64 {
        self.damaged.load(Ordering::Relaxed)
    }
}

impl State {
    /// The generations in memory: those in `sealing` first, then `hot`.
    pub(crate) fn generations(&self) -> impl Iterator<Item = &Generation> {
        self.sealing.iter().map(AsRef::as_ref).chain([&self.hot])
    }

    /// Number of rows in memory.
    pub(crate) fn hot_rows(&self) -> u64 {
        self.generations().map(|generation| u64::from(generation.rows())).sum()
    }

    /// The memory that the rows in memory hold, in bytes. See [`Generation::memory`].
    pub(crate) fn hot_memory(&self) -> u64 {
        self.generations().map(Generation::memory).sum()
    }

    /// The newest receipt.
    pub(crate) fn last_receipt(&self) -> u64 {
        self.hot.last_receipt()
    }

    /// The oldest stored receipt; one above the newest when nothing is stored.
    pub(crate) fn first_receipt(&self) -> u64 {
        let oldest_hot = self.generations().next().map(|generation| generation.first_receipt);
        let oldest = self.segments.first().map(|segment| segment.id());
        oldest.or(oldest_hot).unwrap_or(1)
    }

    /// The earliest wall-clock time at which a stored row was received; `None` without rows.
    pub(crate) fn first_received(&self) -> Option<UnixNanos> {
        let segments = self.segments.iter();
        let segments =
            segments.map(|segment| UnixNanos::from_micros(segment.extent.first_received));
        let hot = self.generations().filter_map(|rows| Some(rows.received?.first));
        segments.chain(hot).min()
    }

    /// How many receipts between the oldest and the newest are in no segment and in no generation,
    /// because a segment is missing or a commit was damaged.
    pub(crate) fn missing(&self) -> u64 {
        let segments =
            self.segments.iter().map(|segment| (segment.id(), segment.extent.last_receipt));
        let memory = self.generations().map(|rows| (rows.first_receipt, rows.last_receipt()));
        let mut places = segments.chain(memory);
        let Some((_, mut end)) = places.next() else { return 0 };
        let mut missing = 0;
        for (begin, last) in places {
            missing += begin.saturating_sub(end + 1);
            end = last;
        }
        missing
    }
}
