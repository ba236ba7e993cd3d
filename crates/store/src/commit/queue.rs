//! The queue of pages that wait for the writer.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coral_engine::{AppendedPage, Checkpoint};
use coral_trace::{Span, UnixNanos};

use super::appended::Appended;
use crate::error::StoreError;
use crate::page_columns::check::CheckedRows;

/// Pages of all callers that wait for the writer, in order of arrival.
#[derive(Default)]
pub(crate) struct PageQueue(Mutex<Vec<Arc<QueuedPage>>>);

/// A page of spans with its checkpoint, as in [`Page`](coral_engine::Page).
pub(crate) struct SpanPage {
    pub(crate) content: SpanPageContent,
    pub(crate) received: UnixNanos,
    pub(crate) checkpoint: Checkpoint,
}

/// The spans of a page.
pub(crate) enum SpanPageContent {
    Spans(Vec<Span>),
    Columns(Arc<CheckedRows>),
}

impl SpanPageContent {
    fn len(&self) -> usize {
        match self {
            Self::Spans(spans) => spans.len(),
            Self::Columns(rows) => rows.len(),
        }
    }
}

/// A page, and the result of its commit once that has ended. The commit may be made by another
/// thread, which holds the writer.
pub(super) struct QueuedPage {
    pub(super) page: SpanPage,
    outcome: Mutex<Option<Outcome>>,
}

/// The result of a page. The outer `Err` holds the payload of a panic of its commit.
pub(super) type Outcome = std::thread::Result<Result<Appended, StoreError>>;

/// Waiting pages are added to a commit until the commit has this many spans. The last page may
/// exceed the limit.
const MAX_COMMIT_SPANS: usize = 16_384;

impl PageQueue {
    pub(super) fn add(&self, pages: &[Arc<QueuedPage>]) {
        lock(&self.0).extend(pages.iter().cloned());
    }

    /// Removes the pages of the next commit from the front of the queue, and returns them.
    pub(super) fn take(&self) -> Vec<Arc<QueuedPage>> {
        let mut queue = lock(&self.0);
        let mut spans = 0;
        let fitting = queue.iter().take_while(|queued| {
            let fits = spans < MAX_COMMIT_SPANS;
            spans += queued.page.content.len();
            fits
        });
        let fitting = fitting.count();
        queue.drain(..fitting).collect()
    }
}

impl QueuedPage {
    pub(super) fn new(page: SpanPage) -> Arc<Self> {
        Arc::new(Self { page, outcome: Mutex::default() })
    }

    pub(super) fn is_waiting(&self) -> bool {
        lock(&self.outcome).is_none()
    }

    pub(super) fn end(&self, outcome: Outcome) {
        *lock(&self.outcome) = Some(outcome);
    }

    /// The result of the page after its commit. Must be called once.
    pub(super) fn answer(&self) -> Result<AppendedPage, StoreError> {
        let outcome = lock(&self.outcome).take().expect("the page was committed");
        let Appended { new, duplicate } = outcome.unwrap_or_else(|panic| resume_unwind(panic))?;
        let checkpoint = self.page.checkpoint.clone();
        let spans_stored = checkpoint.spans_stored + new;
        let checkpoint = Checkpoint { spans_stored, ..checkpoint };
        Ok(AppendedPage { stored: new, duplicate: Some(duplicate), checkpoint })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
