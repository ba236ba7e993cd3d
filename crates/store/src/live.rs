//! What readers see: segments, rows that are being sealed, and hot rows, as of one moment.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::generation::Generation;
use crate::segment::Segment;

/// Changed only for as long as it takes to move pointers and to sum up one commit's traces.
pub(crate) struct Live {
    state: RwLock<State>,
    /// Spans of unreadable segments that left no gap between others, since the process started.
    damaged: AtomicU64,
}

/// The places that hold rows, oldest first.
pub(crate) struct State {
    /// In order of their receipts.
    pub(crate) segments: Arc<Vec<Arc<Segment>>>,
    /// Rows that are being written to a segment, or wait to be because that failed.
    pub(crate) sealing: Option<Arc<Generation>>,
    /// Rows that came since.
    pub(crate) hot: Generation,
}

impl Live {
    pub(crate) fn new(segments: Vec<Arc<Segment>>, hot: Generation) -> Self {
        let state = State { segments: Arc::new(segments), sealing: None, hot };
        Self { state: RwLock::new(state), damaged: AtomicU64::new(0) }
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

    /// Spans that were lost without leaving a gap: [`State::missing`] does not know of them.
    pub(crate) fn damaged(&self) -> u64 {
        self.damaged.load(Ordering::Relaxed)
    }
}

impl State {
    /// Rows in memory, those that are being sealed first.
    pub(crate) fn generations(&self) -> impl Iterator<Item = &Generation> {
        self.sealing.as_deref().into_iter().chain([&self.hot])
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

    /// Receipts between segments that belong to no row: segments that are missing.
    pub(crate) fn missing(&self) -> u64 {
        let ends = self.segments.iter().map(|segment| segment.extent.last_receipt);
        let begins = self.segments.iter().skip(1).map(|segment| segment.id());
        let hot = self.generations().next().map(|generation| generation.first_receipt);
        ends.zip(begins.chain(hot)).map(|(end, begin)| begin.saturating_sub(end + 1)).sum()
    }
}
