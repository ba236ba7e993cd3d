//! Ingest: stores exports from the queue, many of them in one commit.

pub mod inlet;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use coral_store::{Appended, AppendedPoints, SpanRows, Store, StoreError};
use coral_trace::red::Point;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

use self::inlet::{Export, ExportCounts, Items, Refusal, WaitingExporter};
use coral_server::clock;
use coral_trace::chain;

/// Commits queued exports. Ends when all inlets are dropped and the queue is empty, so that
/// everything that was queued is stored.
pub struct Ingest<T> {
    /// The queue of exports.
    pub queue: mpsc::Receiver<Export<T>>,
    /// The store that exports are written to.
    pub store: Store,
    /// Stores several exports in one commit.
    pub append: Append<T>,
    /// Told after each commit.
    pub committed: watch::Sender<()>,
}

/// Stores several exports in one commit. Returns the counts of each export.
pub type Append<T> = fn(&Store, &[T]) -> Result<Vec<ExportCounts>, StoreError>;

/// The largest number of items in a commit, except that the last export may exceed it.
const GROUP_ITEMS: usize = 8_192;
/// Between commits under load this interval passes, unless [`FULL_COMMIT_ITEMS`] wait before. An
/// export that arrives alone is committed at once.
const COMMIT_INTERVAL: Duration = Duration::from_millis(20);
/// With this many items, a commit begins without a pause: further items would hardly lower its cost
/// per item, and exporters that wait for an acknowledgement send nothing meanwhile.
const FULL_COMMIT_ITEMS: usize = 1_000;
/// The retry delay in the answer to an exporter when the store cannot write.
const CANNOT_STORE_RETRY: Duration = Duration::from_secs(5);

/// Stores spans.
pub fn append_spans(store: &Store, exports: &[SpanRows]) -> Result<Vec<ExportCounts>, StoreError> {
    let appended = store.append_rows(exports, clock::now())?;
    let counts = |Appended { new, duplicate }| ExportCounts { new, duplicate, grown: new };
    Ok(appended.into_iter().map(counts).collect())
}

/// Stores the increments of points. A dropped point counts neither as new nor as a duplicate.
pub fn append_points(
    store: &Store,
    exports: &[Vec<Point>],
) -> Result<Vec<ExportCounts>, StoreError> {
    let appended = store.append_points(exports, clock::now())?;
    let counts = |AppendedPoints { stored, duplicate, grown, .. }| ExportCounts {
        new: stored,
        duplicate,
        grown,
    };
    Ok(appended.into_iter().map(counts).collect())
}

impl<T: Items> Ingest<T> {
    /// Runs until the queue ends.
    pub async fn run(mut self) {
        let mut last_commit = None;
        let mut could_store = true;
        while let Some(group) = self.gather(last_commit).await {
            let outcome = self.commit(group).await;
            match &outcome {
                Ok(()) if could_store => {}
                Ok(()) => tracing::info!("exports are stored again"),
                Err(refusal) if could_store => {
                    let error = chain(refusal);
                    tracing::error!(
                        error,
                        "exports cannot be stored; exporters are asked to try again"
                    );
                }
                // Up to 50 of these a second: they are not worth a warning each, and counters say
                // how many.
                Err(refusal) => tracing::debug!(error = chain(refusal), "an export was not stored"),
            }
            could_store = outcome.is_ok();
            last_commit = Some(Instant::now());
        }
    }

    /// The next exports to commit together; `None` at the end of the queue.
    async fn gather(&mut self, last_commit: Option<Instant>) -> Option<Vec<Export<T>>> {
        let first = self.queue.recv().await?;
        let mut items = first.items.count();
        let mut group = vec![first];
        let close = last_commit.map_or_else(Instant::now, |at| at + COMMIT_INTERVAL);
        while items < GROUP_ITEMS {
            let next = match self.queue.try_recv() {
                Ok(export) => Some(export),
                Err(_) if items >= FULL_COMMIT_ITEMS => None,
                Err(_) => timeout_at(close, self.queue.recv()).await.ok().flatten(),
            };
            let Some(export) = next else { break };
            items += export.items.count();
            group.push(export);
        }
        Some(group)
    }

    /// Commits `group` and answers each of its exports.
    async fn commit(&self, group: Vec<Export<T>>) -> Result<(), Refusal> {
        let group = group.into_iter().map(|export| (export.items, export.exporter));
        let (exports, exporters): (Vec<T>, Vec<WaitingExporter>) = group.unzip();
        let (store, append) = (self.store.clone(), self.append);
        let written = tokio::task::spawn_blocking(move || append(&store, &exports));
        let outcome = match written.await {
            Ok(outcome) => outcome.map_err(cannot_store),
            Err(panic) => Err(cannot_store(panic)),
        };
        // Also after a failure, which may have stored a part.
        self.committed.send_replace(());
        match outcome {
            Ok(counts) => {
                for (exporter, counts) in exporters.into_iter().zip(counts) {
                    exporter.answer(Ok(counts));
                }
                Ok(())
            }
            Err(refusal) => {
                exporters.into_iter().for_each(|exporter| exporter.answer(Err(refusal.clone())));
                Err(refusal)
            }
        }
    }
}

fn cannot_store(error: impl std::error::Error + Send + Sync + 'static) -> Refusal {
    Refusal::CannotStore { source: Arc::new(error), retry_after: CANNOT_STORE_RETRY }
}
