//! The receivers' end of the ingest queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// The sending side of the ingest queue: hands exports to [`Ingest`](super::Ingest) and waits for
/// their commit. Cheap to clone. Ingest ends when all clones are dropped and the queue is empty.
pub struct Inlet<T> {
    queue: mpsc::Sender<Export<T>>,
    room: Arc<Semaphore>,
    room_bytes: usize,
    /// If set, the sum of [`ExportCounts::grown`] over all stored exports is counted here.
    grown_count: Option<Arc<AtomicU64>>,
}

/// An export that waits for its commit. If the export is dropped without an answer, the exporter is
/// answered that the agent is shutting down.
pub struct Export<T> {
    /// The decoded items: spans, or points of metrics.
    pub items: Vec<T>,
    answer: oneshot::Sender<Result<ExportCounts, Refusal>>,
    /// Returns the export's bytes to the budget of the queue when the export is dropped.
    _room: OwnedSemaphorePermit,
}

/// The result of an export whose items are durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ExportCounts {
    /// How many items were not in the store before.
    pub new: u64,
    /// How many items were in the store already, and were left unchanged.
    pub duplicate: u64,
    /// How many items show activity: all new spans, and points whose counts have grown.
    pub grown: u64,
}

/// Why an export was not stored. The exporter may send the whole export again.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    /// The queue is full: the disk is slower than the exporters.
    #[error("the ingest queue is full")]
    Busy {
        /// How long the exporter should wait before it tries again.
        retry_after: Duration,
    },
    /// The store cannot write now.
    #[error("cannot store this export")]
    CannotStore {
        /// The store's error, or its panic. Shared by the exports of one commit.
        source: Arc<dyn std::error::Error + Send + Sync>,
        /// How long the exporter should wait before it tries again.
        retry_after: Duration,
    },
    /// The agent is stopping.
    #[error("the agent is shutting down")]
    ShuttingDown,
}

/// The retry delay in the answer to an exporter when the queue is full.
const BUSY_RETRY: Duration = Duration::from_secs(1);

/// Creates a queue of at most `exports` exports, whose uncompressed bodies have at most `bytes`
/// bytes together.
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
    /// The same inlet, which also adds to `grown_count` the [`ExportCounts::grown`] of each export
    /// that is stored.
    pub fn counting(self, grown_count: Arc<AtomicU64>) -> Self {
        Self { grown_count: Some(grown_count), ..self }
    }

    /// Queues `items`, which were decoded from an uncompressed body of `wire_bytes` bytes, and
    /// waits until they are committed.
    ///
    /// # Errors
    /// [`Refusal`]. When the queue is full, the refusal is immediate, because the exporter can wait
    /// with less memory than the agent.
    pub async fn export(&self, items: Vec<T>, wire_bytes: usize) -> Result<ExportCounts, Refusal> {
        if items.is_empty() {
            return Ok(ExportCounts::default());
        }
        let busy = Refusal::Busy { retry_after: BUSY_RETRY };
        let needed = u32::try_from(wire_bytes.clamp(1, self.room_bytes)).unwrap_or(u32::MAX);
        let room = self.room.clone().try_acquire_many_owned(needed).map_err(|_| busy.clone())?;
        let (answer, committed) = oneshot::channel();
        self.queue.try_send(Export { items, answer, _room: room }).map_err(
            |error| match error {
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
    /// Sends the outcome to the exporter, which may have disconnected.
    pub fn answer(self, outcome: Result<ExportCounts, Refusal>) {
        let _ = self.answer.send(outcome);
    }
}
