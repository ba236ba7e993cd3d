//! Pages of several agents in one commit: a sync costs the same for one page and for twenty.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coral_trace::{Span, UnixNanos};

use super::append::{Appended, Delivered};
use super::checkpoint::Checkpoint;
use crate::error::StoreError;
use crate::row::batch::Delivery;
use crate::spans::Spans;

/// Pages that wait for the commit at hand to end.
#[derive(Default)]
pub(crate) struct PageQueue(Mutex<Vec<Arc<WaitingPage>>>);

struct WaitingPage {
    spans: Vec<Span>,
    received: UnixNanos,
    checkpoint: Checkpoint,
    /// What became of it, once somebody else has committed it.
    appended: Mutex<Option<Appended>>,
}

/// So many spans and one page more are committed together.
const MAX_SPANS: usize = 16_384;

impl PageQueue {
    /// Takes pages that wait, the first ones first.
    fn take(&self) -> Vec<Arc<WaitingPage>> {
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
    fn withdraw(&self, page: &Arc<WaitingPage>) {
        lock(&self.0).retain(|waiting| !Arc::ptr_eq(waiting, page));
    }
}

impl Spans {
    /// Stores a page and its checkpoint. Whoever has the writer takes along the pages that wait for it; when that fails, or
    /// panics, each of them is tried alone, so that a page fails only for itself.
    pub(crate) fn commit_page(
        &self,
        spans: Vec<Span>,
        received: UnixNanos,
        checkpoint: &Checkpoint,
    ) -> Result<Appended, StoreError> {
        let (checkpoint, appended) = (checkpoint.clone(), Mutex::default());
        let page = Arc::new(WaitingPage { spans, received, checkpoint, appended });
        lock(&self.pages.0).push(page.clone());
        let mut writer = self.writer();
        if let Some(appended) = *lock(&page.appended) {
            return Ok(appended);
        }
        let together = self.pages.take();
        let has_mine = together.iter().any(|other| Arc::ptr_eq(other, &page));
        if has_mine && together.len() > 1 {
            let delivered: Vec<Delivered<'_>> =
                together.iter().map(|page| page.delivered()).collect();
            let committed = AssertUnwindSafe(|| self.commit_together(&mut writer, &delivered));
            if let Ok(Ok(appended)) = catch_unwind(committed) {
                for (page, appended) in together.iter().zip(appended) {
                    *lock(&page.appended) = appended.into_iter().next();
                }
                return Ok(lock(&page.appended).unwrap_or_default());
            }
        } else {
            // Nobody waits beside it, or those who do commit themselves.
            self.pages.withdraw(&page);
        }
        let appended = self.commit_together(&mut writer, &[page.delivered()])?;
        Ok(appended.into_iter().flatten().next().unwrap_or_default())
    }
}

impl WaitingPage {
    fn delivered(&self) -> Delivered<'_> {
        let by = Delivery { agent_id: &self.checkpoint.agent_id, received: self.received };
        let groups = std::slice::from_ref(&self.spans);
        Delivered { groups, by, checkpoint: Some(&self.checkpoint) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
