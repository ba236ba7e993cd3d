//! Group commit: pages of several agents in one commit, since a sync costs the same for one page
//! and for twenty.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use coral_engine::AppendedPage;

use super::append::{Delivered, DeliveredContent};
use super::appended::Appended;
use super::queue::{QueuedPage, SpanPage, SpanPageContent};
use super::writer::Writer;
use crate::error::StoreError;
use crate::row::batch::Delivery;
use crate::spans::Spans;

impl Spans {
    /// Stores each page with its checkpoint, and returns the results in the order of `pages`. The
    /// calling thread that holds the writer commits the pages of all waiting threads.
    ///
    /// # Panics
    /// When the commit of one of `pages` panics even without the other pages. The commits of the
    /// other pages are complete by then.
    pub(crate) fn commit_pages(
        &self,
        pages: Vec<SpanPage>,
    ) -> Vec<Result<AppendedPage, StoreError>> {
        let pages: Vec<Arc<QueuedPage>> = pages.into_iter().map(QueuedPage::new).collect();
        self.pages.add(&pages);
        self.wait_for_seal();
        let mut writer = self.writer();
        while pages.iter().any(|page| page.is_waiting()) {
            self.commit_queued(&mut writer, &self.pages.take());
        }
        drop(writer);
        pages.iter().map(|page| page.answer()).collect()
    }

    /// Commits `queued` together. If that fails or panics, each page is committed alone, so that a
    /// bad page fails alone.
    fn commit_queued(&self, writer: &mut Writer, queued: &[Arc<QueuedPage>]) {
        if queued.len() > 1
            && let Ok(Ok(appended)) = self.try_commit(writer, queued)
        {
            queued.iter().zip(appended).for_each(|(page, appended)| page.end(Ok(Ok(appended))));
            return;
        }
        for page in queued {
            let alone = self.try_commit(writer, std::slice::from_ref(page));
            page.end(alone.map(|appended| {
                let mut appended = appended?.into_iter();
                Ok(appended.next().expect("a commit of one page says what became of it"))
            }));
        }
    }

    /// Makes one commit of `queued`. Returns the counts of each page, an error, or the payload of
    /// a panic.
    fn try_commit(
        &self,
        writer: &mut Writer,
        queued: &[Arc<QueuedPage>],
    ) -> std::thread::Result<Result<Vec<Appended>, StoreError>> {
        let delivered: Vec<Delivered<'_>> = queued.iter().map(|queued| delivered(queued)).collect();
        // A panic leaves nothing inconsistent: the writer repairs its log before its next commit.
        catch_unwind(AssertUnwindSafe(|| {
            let appended = self.commit_together(writer, &delivered)?;
            Ok(appended.into_iter().flatten().collect())
        }))
    }
}

/// A page in the form that a commit takes. Spans are one group.
fn delivered(queued: &QueuedPage) -> Delivered<'_> {
    let SpanPage { content, received, checkpoint } = &queued.page;
    let delivery = Delivery { agent_id: &checkpoint.agent_id, received: *received };
    let content = match content {
        SpanPageContent::Spans(spans) => DeliveredContent::Groups(std::slice::from_ref(spans)),
        SpanPageContent::Columns(rows) => DeliveredContent::Columns(rows),
    };
    Delivered { content, delivery, checkpoint: Some(checkpoint) }
}
