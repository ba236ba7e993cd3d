//! Pages that wait for the commit at hand to end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coral_engine::Checkpoint;
use coral_trace::{Span, UnixNanos};

use super::appended::Appended;

/// Pages that wait for the commit at hand to end.
#[derive(Default)]
pub(crate) struct PageQueue(pub(super) Mutex<Vec<Arc<WaitingPage>>>);

/// A page that waits.
pub(super) struct WaitingPage {
    pub(super) spans: Vec<Span>,
    pub(super) received: UnixNanos,
    pub(super) checkpoint: Checkpoint,
    /// What became of it, once somebody else has committed it.
    pub(super) appended: Mutex<Option<Appended>>,
}

/// So many spans and one page more are committed together.
pub(super) const MAX_SPANS: usize = 16_384;

impl PageQueue {
    /// Takes pages that wait, the first ones first.
    pub(super) fn take(&self) -> Vec<Arc<WaitingPage>> {
        let mut queue = lock(&self.0);
        let mut spans = 0;
        let fitting = queue.iter().take_while(|page| {
            let fits = spans < MAX_SPANS;
            spans += page.spans.len();
            fits
        });
        let fitting = fitting.count();
        queue.drain(..fitting).collect()
    }

    /// Takes this page if it still waits.
    pub(super) fn withdraw(&self, page: &Arc<WaitingPage>) {
        lock(&self.0).retain(|waiting| !Arc::ptr_eq(waiting, page));
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
