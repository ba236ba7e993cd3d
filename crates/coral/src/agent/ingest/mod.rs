//! From the ingest queue into the store: many exports, one commit.

pub mod inlet;

use std::time::Duration;

use coral_store::{Appended, Store, StoreError};
use coral_trace::Span;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use self::inlet::{Export, Refusal, Stored};
use crate::clock;
use crate::errors::chain;

/// Commits what the receivers queued. Ends when every inlet is gone and the queue is empty, so that
/// nothing that was queued is left behind.
pub struct Ingest {
    /// Exports that wait for their commit.
    pub queue: mpsc::Receiver<Export>,
    /// Where they go.
    pub store: Store,
}

/// A commit takes at most this many spans, and one export more.
const GROUP_SPANS: usize = 16_384;
/// Under load, commits are this far apart: a commit costs the same for 1 row and for 1,000. An export
/// that comes alone does not wait.
const GROUP_EVERY: Duration = Duration::from_millis(20);
/// How long an exporter is asked to wait when the store cannot write.
const CANNOT_STORE_RETRY: Duration = Duration::from_secs(5);

impl Ingest {
    /// Runs until the queue ends.
    pub async fn run(mut self) {
        let mut last_commit = None;
        let mut could_store = true;
        while let Some(group) = self.gather(last_commit).await {
            let stored = self.commit(group).await;
            if stored != could_store {
                could_store = stored;
                tracing::info!(can_store = stored, "the store's ability to write has changed");
            }
            last_commit = Some(Instant::now());
        }
    }

    /// The next exports to commit together; `None` at the end of the queue.
    async fn gather(&mut self, last_commit: Option<Instant>) -> Option<Vec<Export>> {
        let first = self.queue.recv().await?;
        let mut spans = first.spans.len();
        let mut group = vec![first];
        let close = last_commit.map_or_else(Instant::now, |at| at + GROUP_EVERY);
        while spans < GROUP_SPANS {
            let next = match self.queue.try_recv() {
                Ok(export) => Some(export),
                Err(_) => timeout_at(close, self.queue.recv()).await.ok().flatten(),
            };
            let Some(export) = next else { break };
            spans += export.spans.len();
            group.push(export);
        }
        Some(group)
    }

    /// Commits `group` and answers each of its exports. Returns whether it was stored.
    async fn commit(&self, mut group: Vec<Export>) -> bool {
        let batches: Vec<Vec<Span>> =
            group.iter_mut().map(|export| std::mem::take(&mut export.spans)).collect();
        let store = self.store.clone();
        let written = tokio::task::spawn_blocking(move || store.append(&batches, clock::now()));
        let outcome = match written.await {
            Ok(outcome) => outcome.map_err(|error| refusal(&error)),
            Err(panic) => Err(cannot_store(panic.to_string())),
        };
        let stored = outcome.is_ok();
        match outcome {
            Ok(appended) => {
                for (export, appended) in group.into_iter().zip(appended) {
                    export.answer(Ok(counts(appended)));
                }
            }
            Err(refusal) => {
                group.into_iter().for_each(|export| export.answer(Err(refusal.clone())))
            }
        }
        stored
    }
}

fn counts(appended: Appended) -> Stored {
    Stored { new: appended.new, duplicate: appended.duplicate }
}

fn refusal(error: &StoreError) -> Refusal {
    let reason = chain(error);
    tracing::error!(error = %reason, "could not store spans; exporters are asked to try again");
    cannot_store(reason)
}

fn cannot_store(reason: String) -> Refusal {
    Refusal::CannotStore { reason, retry_after: CANNOT_STORE_RETRY }
}
