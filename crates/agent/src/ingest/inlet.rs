//! The receivers' end of the ingest queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Hands exports to the writer and waits for their commit. Cheap to clone; the writer ends when the
/// last clone is gone and the queue is empty.
pub struct Inlet<T> {
    queue: mpsc::Sender<Export<T>>,
    room: Arc<Semaphore>,
    room_bytes: usize,
    /// Items of exports that were stored and say that something happened: see [`ExportCounts::grown`].
    grown_count: Option<Arc<AtomicU64>>,
}

/// One export waiting for its commit. Dropped without an answer, it is refused as shutting down.
pub struct Export<T> {
    /// What was decoded: spans, or points of metrics.
    pub items: Vec<T>,
    answer: oneshot::Sender<Result<ExportCounts, Refusal>>,
    /// Gives the export's bytes back to the queue's budget when it is dropped.
    _room: OwnedSemaphorePermit,
}

/// What became of an export: durable when this is returned.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ExportCounts {
    /// Items that were not there before.
    pub new: u64,
    /// Items that were there already, left as they were.
    pub duplicate: u64,
    /// Items that say that something happened: all new spans, and points that have grown.
    pub grown: u64,
}

/// Why an export was not stored. The exporter may try all of them again.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    /// The queue is full: the disk is slower than the exporters.
    #[error("the ingest queue is full")]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The store cannot write now.
    #[error("cannot store this export")]
    CannotStore {
        /// The store's error, or its panic. Shared by the exports of one commit.
        source: Arc<dyn std::error::Error + Send + Sync>,
        /// When to try again.
        retry_after: Duration,
    },
    /// The agent is stopping.
    #[error("the agent is shutting down")]
    ShuttingDown,
}

/// How long an exporter is asked to wait when the queue is full.
const BUSY_RETRY: Duration = Duration::from_secs(1);

/// A queue of at most `exports` exports of at most `bytes` wire bytes together.
pub fn queue<T>(exports: usize, bytes: usize) -> (Inlet<T>, mpsc::Receiver<Export<T>>) {
    let (queue, outlet) = mpsc::channel(exports);
    let room = Arc::new(Semaphore::new(bytes));
    (Inlet { queue, room, room_bytes: bytes, grown_count: None }, outlet)
}

impl<T> Clone for Inlet<T> {
    fn clone(&self) -> Self {
        let Self { queue, room, room_bytes, grown_count } = self;
        Self {
            queue: queue.clone(),
            room: room.clone(),
            room_bytes: *room_bytes,
            grown_count: grown_count.clone(),
        }
    }
}

impl<T> Inlet<T> {
    /// The same inlet, which also adds to `grown_count` the [`ExportCounts::grown`] of each export that is stored.
    pub fn counting(self, grown_count: Arc<AtomicU64>) -> Self {
        Self { grown_count: Some(grown_count), ..self }
    }

    /// Queues `items`, decoded from `wire_bytes` of protobuf, and waits until they are committed.
    ///
    /// # Errors
    /// [`Refusal`], at once when the queue is full: an exporter waits better than we do.
    pub async fn export(&self, items: Vec<T>, wire_bytes: usize) -> Result<ExportCounts, Refusal> {
        if items.is_empty() {
            return Ok(ExportCounts::default());
        }
        let busy = Refusal::Busy { retry_after: BUSY_RETRY };
        let wanted = u32::try_from(wire_bytes.clamp(1, self.room_bytes)).unwrap_or(u32::MAX);
        let room = self.room.clone().try_acquire_many_owned(wanted).map_err(|_| busy.clone())?;
        let (answer, committed) = oneshot::channel();
        self.queue.try_send(Export { items, answer, _room: room }).map_err(
            |refused| match refused {
                mpsc::error::TrySendError::Full(_) => busy,
                mpsc::error::TrySendError::Closed(_) => Refusal::ShuttingDown,
            },
        )?;
        let outcome = committed.await.unwrap_or(Err(Refusal::ShuttingDown));
        if let (Some(grown_count), Ok(stored)) = (&self.grown_count, &outcome) {
            grown_count.fetch_add(stored.grown, Ordering::Relaxed);
        }
        outcome
    }
}

impl<T> Export<T> {
    /// Answers the exporter, who may have gone.
    pub fn answer(self, outcome: Result<ExportCounts, Refusal>) {
        let _ = self.answer.send(outcome);
    }
}
