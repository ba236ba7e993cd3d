//! The receivers' end of the ingest queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use coral_store::SpanRows;
use coral_trace::red::Point;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// The sending side of the ingest queue: hands exports to [`Ingest`](super::Ingest) and waits for
/// their commit. Cheap to clone. Ingest ends when all clones are dropped and the queue is empty.
pub struct Inlet<T> {
    queue: mpsc::Sender<Export<T>>,
    /// One permit for each byte of the uncompressed bodies of exports that are not committed.
    room: Arc<Semaphore>,
    room_bytes: usize,
    /// One permit for each byte of those of these bodies that may be decoded.
    turns: Arc<Semaphore>,
    /// If set, the sum of [`ExportCounts::grown`] over all stored exports is counted here.
    grown_count: Option<Arc<AtomicU64>>,
}

/// The decoded items of an export: spans as rows, or points of metrics.
pub trait Items: Send + 'static {
    /// The number of items.
    fn count(&self) -> usize;
}

impl Items for SpanRows {
    fn count(&self) -> usize {
        self.len()
    }
}

impl Items for Vec<Point> {
    fn count(&self) -> usize {
        self.len()
    }
}

/// An export that waits for its commit. If the export is dropped without an answer, the exporter is
/// answered that the agent is shutting down.
pub struct Export<T> {
    /// The decoded items.
    pub items: T,
    /// Where the outcome goes.
    pub exporter: WaitingExporter,
}

/// The exporter of an [`Export`].
pub struct WaitingExporter {
    answer: oneshot::Sender<Result<ExportCounts, Refusal>>,
    _admission: Admission,
}

/// The room of one export in the queue and in memory, which is free again when this is dropped.
pub struct Admission {
    _room: OwnedSemaphorePermit,
    _turn: OwnedSemaphorePermit,
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
/// The most bytes of uncompressed bodies whose items are in memory at a time: decoded, or being
/// decoded. Spans take about as much memory as their body, and points about five times as much. Two usual commits have fewer
/// bytes, so that a commit need not wait for exports to be decoded.
const DECODED_BYTES: usize = 8 << 20;

/// Creates a queue of at most `exports` exports, whose uncompressed bodies have at most `bytes`
/// bytes together.
pub fn queue<T>(exports: usize, bytes: usize) -> (Inlet<T>, mpsc::Receiver<Export<T>>) {
    let (queue, outlet) = mpsc::channel(exports);
    let room = Arc::new(Semaphore::new(bytes));
    let turns = Arc::new(Semaphore::new(DECODED_BYTES));
    (Inlet { queue, room, room_bytes: bytes, turns, grown_count: None }, outlet)
}

impl<T> Clone for Inlet<T> {
    fn clone(&self) -> Self {
        let Self { queue, room, room_bytes, turns, grown_count } = self;
        Self {
            queue: queue.clone(),
            room: room.clone(),
            room_bytes: *room_bytes,
            turns: turns.clone(),
            grown_count: grown_count.clone(),
        }
    }
}

impl<T: Items> Inlet<T> {
    /// The same inlet, which also adds to `grown_count` the [`ExportCounts::grown`] of each export
    /// that is stored.
    pub fn counting(self, grown_count: Arc<AtomicU64>) -> Self {
        Self { grown_count: Some(grown_count), ..self }
    }

    /// Waits until an export with an uncompressed body of `wire_bytes` bytes may be decoded. Meanwhile
    /// the export takes only the memory of its body.
    ///
    /// # Errors
    /// [`Refusal::Busy`] at once when the queue is full, because the exporter can wait with less
    /// memory than the agent.
    pub async fn admit(&self, wire_bytes: usize) -> Result<Admission, Refusal> {
        let busy = Refusal::Busy { retry_after: BUSY_RETRY };
        let permits = |limit| u32::try_from(wire_bytes.clamp(1, limit)).unwrap_or(u32::MAX);
        let room = self.room.clone().try_acquire_many_owned(permits(self.room_bytes));
        let room = room.map_err(|_| busy)?;
        let turn = self.turns.clone().acquire_many_owned(permits(DECODED_BYTES)).await;
        let turn = turn.map_err(|_| Refusal::ShuttingDown)?;
        Ok(Admission { _room: room, _turn: turn })
    }

    /// Queues `items`, which were decoded after their [`admission`](Self::admit), and waits until
    /// they are committed.
    ///
    /// # Errors
    /// [`Refusal`]. When the queue is full, the refusal is immediate.
    pub async fn export(&self, items: T, admission: Admission) -> Result<ExportCounts, Refusal> {
        if items.count() == 0 {
            return Ok(ExportCounts::default());
        }
        let (answer, committed) = oneshot::channel();
        let exporter = WaitingExporter { answer, _admission: admission };
        self.queue.try_send(Export { items, exporter }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refusal::Busy { retry_after: BUSY_RETRY },
            mpsc::error::TrySendError::Closed(_) => Refusal::ShuttingDown,
        })?;
        let outcome = committed.await.unwrap_or(Err(Refusal::ShuttingDown));
        if let (Some(grown_count), Ok(stored)) = (&self.grown_count, &outcome) {
            grown_count.fetch_add(stored.grown, Ordering::Relaxed);
        }
        outcome
    }
}

impl WaitingExporter {
    /// Sends the outcome to the exporter, which may have disconnected.
    pub fn answer(self, outcome: Result<ExportCounts, Refusal>) {
        let _ = self.answer.send(outcome);
    }
}
