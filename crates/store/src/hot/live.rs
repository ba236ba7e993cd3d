//! What readers see: segments, rows that are being sealed, and hot rows, as of one moment.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use coral_trace::UnixNanos;

use crate::clock::Ages;
use crate::commit::checkpoint::AgentDirectory;
use crate::error::StoreError;
use crate::hot::generation::Generation;
use crate::segment::Segment;

/// Changed only for as long as it takes to move pointers and to sum up one commit's traces.
pub(crate) struct Live {
    state: RwLock<State>,
    /// How old its rows are.
    pub(crate) ages: Ages,
    /// Spans of unreadable segments that left no gap between others, since the process started.
    damaged: AtomicU64,
    /// Bytes of everything in the store's directory, when that was last measured.
    disk_bytes: AtomicU64,
}

/// The places that hold rows, oldest first.
pub(crate) struct State {
    /// In order of their receipts.
    pub(crate) segments: Arc<Vec<Arc<Segment>>>,
    /// Rows that are being written to a segment, or wait to be: because that failed, or because a damaged log was found
    /// to have a gap between them and those after it. Oldest first.
    pub(crate) sealing: Vec<Arc<Generation>>,
    /// Rows that came since.
    pub(crate) hot: Generation,
    /// What a colony knows of its agents.
    pub(crate) directory: AgentDirectory,
}

impl Live {
    pub(crate) fn new(state: State, ages: Ages) -> Self {
        Self {
            state: RwLock::new(state),
            ages,
            damaged: AtomicU64::new(0),
            disk_bytes: AtomicU64::new(0),
        }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The segments as they are now.
    pub(crate) fn segments(&self) -> Arc<Vec<Arc<Segment>>> {
        self.read().segments.clone()
    }

    /// Runs `read`, and again without a segment that it found to be damaged.
    pub(crate) fn reading<T>(
        &self,
        mut read: impl FnMut() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        loop {
            match read() {
                Err(StoreError::SegmentUnreadable { id, source }) => {
                    let error = crate::error::chain(&source);
                    tracing::error!(segment = id, error, "a segment is damaged; it is put aside");
                    self.drop_damaged(id);
                }
                outcome => return outcome,
            }
        }
    }

    /// Leaves out a segment that cannot be read, so that everything else can.
    pub(crate) fn drop_damaged(&self, id: u64) {
        let mut state = self.write();
        let Some(segment) = state.segments.iter().find(|segment| segment.id() == id).cloned()
        else {
            return;
        };
        state.segments =
            Arc::new(state.segments.iter().filter(|other| other.id() != id).cloned().collect());
        if state.segments.first().is_none_or(|oldest| oldest.id() > id) {
            self.damaged.fetch_add(segment.spans(), Ordering::Relaxed);
        }
        drop(state);
        segment.quarantine();
    }

    /// Bytes of everything in the store's directory, when that was last measured.
    pub(crate) fn disk_bytes(&self) -> u64 {
        self.disk_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn measured(&self, disk_bytes: u64) {
        self.disk_bytes.store(disk_bytes, Ordering::Relaxed);
    }

    /// Spans that were lost without leaving a gap: [`State::missing`] does not know of them.
    pub(crate) fn damaged(&self) -> u64 {
        self.damaged.load(Ordering::Relaxed)
    }
}

impl State {
    /// Rows in memory, those that are being sealed first.
    pub(crate) fn generations(&self) -> impl Iterator<Item = &Generation> {
        self.sealing.iter().map(AsRef::as_ref).chain([&self.hot])
    }

    /// Rows in memory.
    pub(crate) fn hot_rows(&self) -> u64 {
        self.generations().map(|generation| u64::from(generation.rows())).sum()
    }

    /// The newest receipt.
    pub(crate) fn last_receipt(&self) -> u64 {
        self.hot.last_receipt()
    }

    /// The oldest receipt that is still stored; one above the newest when there is none.
    pub(crate) fn first_receipt(&self) -> u64 {
        let oldest_hot = self.generations().next().map(|generation| generation.first_receipt);
        let oldest = self.segments.first().map(|segment| segment.id());
        oldest.or(oldest_hot).unwrap_or(1)
    }

    /// When the oldest rows were received, by the wall clock; `None` without rows.
    pub(crate) fn first_received(&self) -> Option<UnixNanos> {
        let segments = self.segments.iter();
        let segments =
            segments.map(|segment| UnixNanos::from_micros(segment.extent.first_received));
        let hot = self.generations().filter_map(|rows| Some(rows.received?.first));
        segments.chain(hot).min()
    }

    /// Receipts between places that belong to no row: segments that are missing, and commits that were damaged.
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
