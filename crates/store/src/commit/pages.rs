//! Pages of several agents in one commit: a sync costs the same for one page and for twenty.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

use coral_engine::{AppendedPage, Checkpoint};
use coral_trace::{Span, UnixNanos};

use super::append::Delivered;
use super::appended::Appended;
use super::queue::{MAX_SPANS, WaitingPage, lock};
use crate::error::StoreError;
use crate::row::batch::Delivery;
use crate::spans::Spans;

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

/// A page of spans and the checkpoint that goes with it, as [`Page`](coral_engine::Page) describes them.
pub(crate) struct SpanPage {
    pub(crate) spans: Vec<Span>,
    pub(crate) received: UnixNanos,
    pub(crate) checkpoint: Checkpoint,
}

impl Spans {
    /// Stores pages of several streams, as many in one commit as fit, and says of each what became of it. When a
    /// commit fails, or panics, each of its pages is tried alone.
    pub(crate) fn commit_pages(
        &self,
        pages: Vec<SpanPage>,
    ) -> Vec<Result<AppendedPage, StoreError>> {
        let mut outcomes = Vec::with_capacity(pages.len());
        let mut pages = pages.into_iter().peekable();
        while pages.peek().is_some() {
            let (mut together, mut spans) = (Vec::new(), 0);
            while let Some(page) = pages.next_if(|_| spans < MAX_SPANS) {
                spans += page.spans.len();
                together.push(page);
            }
            self.commit_chunk(together, &mut outcomes);
        }
        outcomes
    }

    fn commit_chunk(
        &self,
        pages: Vec<SpanPage>,
        outcomes: &mut Vec<Result<AppendedPage, StoreError>>,
    ) {
        let mut writer = self.writer();
        if pages.len() > 1 {
            let delivered: Vec<Delivered<'_>> = pages.iter().map(SpanPage::delivered).collect();
            let committed = AssertUnwindSafe(|| self.commit_together(&mut writer, &delivered));
            if let Ok(Ok(appended)) = catch_unwind(committed) {
                let appended = appended.into_iter().map(|groups| groups.into_iter().next());
                let pages = pages.into_iter().zip(appended);
                outcomes.extend(
                    pages.map(|(page, appended)| Ok(page.after(appended.unwrap_or_default()))),
                );
                return;
            }
        }
        let mut panicked = None;
        for page in pages {
            let committed =
                AssertUnwindSafe(|| self.commit_together(&mut writer, &[page.delivered()]));
            match catch_unwind(committed) {
                Ok(appended) => outcomes.push(appended.map(|appended| {
                    page.after(appended.into_iter().flatten().next().unwrap_or_default())
                })),
                // The others are stored first.
                Err(panic) => panicked = Some(panic),
            }
        }
        if let Some(panic) = panicked {
            resume_unwind(panic);
        }
    }
}

impl SpanPage {
    fn delivered(&self) -> Delivered<'_> {
        delivered(&self.spans, self.received, &self.checkpoint)
    }

    fn after(self, Appended { new, duplicate }: Appended) -> AppendedPage {
        let spans_stored = self.checkpoint.spans_stored + new;
        let checkpoint = Checkpoint { spans_stored, ..self.checkpoint };
        AppendedPage { stored: new, duplicate: Some(duplicate), checkpoint }
    }
}

fn delivered<'a>(
    spans: &'a Vec<Span>,
    received: UnixNanos,
    checkpoint: &'a Checkpoint,
) -> Delivered<'a> {
    let delivery = Delivery { agent_id: &checkpoint.agent_id, received };
    Delivered { groups: std::slice::from_ref(spans), delivery, checkpoint: Some(checkpoint) }
}

impl WaitingPage {
    fn delivered(&self) -> Delivered<'_> {
        delivered(&self.spans, self.received, &self.checkpoint)
    }
}
