//! Follows the store with a cursor, and sends what it reads to one target.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use coral_engine::{Budget, Engine, ReadLimit, ReceivedSpans};
use coral_server::clock;
use coral_trace::{chain, sanitize};
use coral_wire::export_answer::PartialSuccess;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::backoff;
use super::batch::{Batch, MAX_REQUEST_BYTES, Window};
use super::client::Receiver;
use super::cursor::{Cursor, Restart};
use super::health::{ExportHealth, ExportState};
use super::refusal::{Refusal, Remedy};
use super::selection::{Selected, Selection};
use super::target::Target;

/// Exports to one target.
pub struct Exporter<R> {
    /// What takes the requests.
    pub receiver: R,
    /// The target.
    pub target: Arc<Target>,
    /// The engine whose spans are exported.
    pub engine: Arc<dyn Engine>,
    /// The file of the cursor.
    pub file: PathBuf,
    /// Records how the export goes.
    pub health: Arc<ExportHealth>,
}

/// How much is read from the store at once: the memory that one target takes, with one request.
const READ: ReadLimit = ReadLimit { spans: 16_384, bytes: 8 << 20 };
/// How often the store is looked at for new spans when the target has everything.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// How often the cursor is stored while the filter leaves out all spans.
const SAVE_INTERVAL: Duration = Duration::from_secs(10);

impl<R: Receiver> Exporter<R> {
    /// Exports until `stop` is cancelled. A request that is not acknowledged by then is sent again
    /// after the next start.
    pub async fn run(self, stop: CancellationToken) {
        stop.run_until_cancelled(self.export()).await;
    }

    async fn export(self) {
        let mut failures = 0;
        let cursor = loop {
            match self.resumed().await {
                Ok(cursor) => break cursor,
                Err(reason) => {
                    failures += 1;
                    self.wait_to_read(&reason, failures).await;
                }
            }
        };
        self.health.moved(&cursor);
        let following = Following {
            exporter: self,
            cursor,
            window: Window::default(),
            request_bytes: MAX_REQUEST_BYTES,
            failures: 0,
            saved_at: Instant::now(),
        };
        following.run().await;
    }

    /// The cursor to go on with. Says why if that is not where the export was.
    async fn resumed(&self) -> Result<Cursor, String> {
        let (file, engine, from) = (self.file.clone(), self.engine.clone(), self.target.from);
        let resume = move || {
            let saved = Cursor::load(&file).map_err(|error| chain(&error))?;
            Cursor::resumed(saved, engine.as_ref(), from).map_err(|error| chain(&error))
        };
        let resumed = tokio::task::spawn_blocking(resume).await.map_err(|panic| panic.to_string());
        let (cursor, why) = resumed??;
        let (target, after_receipt) = (self.target.name.as_str(), cursor.next_receipt);
        match why {
            None => tracing::info!(target_name = target, after_receipt, "the export resumes"),
            Some(Restart::First) => {
                tracing::info!(target_name = target, after_receipt, "the export begins");
            }
            Some(Restart::AnotherStore) => tracing::warn!(
                target_name = target,
                after_receipt,
                "the colony has another store than the export's cursor: the export begins anew"
            ),
            Some(Restart::OlderCopy) => tracing::warn!(
                target_name = target,
                after_receipt,
                "the colony's store is an older copy than the export's cursor: the export goes on after it"
            ),
        }
        // A cursor that begins now must be known after a crash, or spans of the meantime are lost.
        self.save(&cursor).await?;
        Ok(cursor)
    }

    async fn save(&self, cursor: &Cursor) -> Result<(), String> {
        let (file, cursor) = (self.file.clone(), cursor.clone());
        let saved = tokio::task::spawn_blocking(move || cursor.save(&file)).await;
        let saved = saved.map_err(|panic| panic.to_string())?;
        saved.map_err(|error| format!("cannot store the cursor: {}", chain(&error)))
    }

    async fn wait_to_read(&self, reason: &str, failures: u32) {
        let reason = sanitize::line(reason);
        self.health.failed(ExportState::CannotRead, &reason);
        tracing::warn!(target_name = self.target.name, reason, "an export cannot go on now");
        sleep(backoff::wait(&self.target.name, failures, Remedy::Repeat(None))).await;
    }
}

/// An exporter with its cursor.
struct Following<R> {
    exporter: Exporter<R>,
    cursor: Cursor,
    window: Window,
    /// The largest request that the target is sent, before compression.
    request_bytes: usize,
    /// Failures in a row.
    failures: u32,
    saved_at: Instant,
}

impl<R: Receiver> Following<R> {
    async fn run(mut self) {
        loop {
            if !self.window.is_done() {
                self.send().await;
                continue;
            }
            match self.read().await {
                Ok(true) => {}
                Ok(false) => sleep(LOOK_INTERVAL).await,
                Err(reason) => {
                    self.failures += 1;
                    self.exporter.wait_to_read(&reason, self.failures).await;
                }
            }
        }
    }

    /// Reads spans after the cursor. Returns whether there were any.
    async fn read(&mut self) -> Result<bool, String> {
        let (engine, after) = (self.exporter.engine.clone(), self.cursor.next_receipt);
        let target = self.exporter.target.clone();
        let read = move || {
            let read = engine.received_after(after, READ, &Budget::unlimited())?;
            let ReceivedSpans { spans, since, next_receipt, .. } = read;
            // Receipts without a span.
            let missed = next_receipt.saturating_sub(after).saturating_sub(spans.len() as u64);
            let (filter, drop) = (target.filter.as_ref(), &target.drop);
            let selected = Selection { filter, drop, store_id: engine.id() }.of(spans);
            Ok::<_, coral_engine::EngineError>((selected, since, next_receipt, missed))
        };
        let read = tokio::task::spawn_blocking(read).await.map_err(|panic| panic.to_string())?;
        let (selected, since, next_receipt, missed) = read.map_err(|error| chain(&error))?;
        if next_receipt == after {
            self.exporter.health.caught_up(clock::now());
            return Ok(false);
        }
        self.exporter.health.read(&selected, since);
        self.cursor.missed += missed;
        if missed > 0 {
            let target_name = &self.exporter.target.name;
            tracing::warn!(target_name, missed, "spans expired before they were exported");
        }
        self.take(selected, next_receipt).await;
        Ok(true)
    }

    /// Makes `selected` the window. If there is nothing in it, the cursor moves at once.
    async fn take(&mut self, selected: Selected, next_receipt: u64) {
        self.window = Window::new(selected, next_receipt);
        if self.window.is_done() {
            self.cursor.next_receipt = next_receipt;
            self.exporter.health.moved(&self.cursor);
            if self.saved_at.elapsed() >= SAVE_INTERVAL {
                self.save().await;
            }
        }
    }

    /// Sends one request, and waits if the target refuses it.
    async fn send(&mut self) {
        let batch = self.window.batch(self.request_bytes);
        let Some(body) = self.encoded(&batch).await else { return };
        match self.exporter.receiver.deliver(body).await {
            Ok(taken) => {
                self.failures = 0;
                self.request_bytes = (2 * self.request_bytes).min(MAX_REQUEST_BYTES);
                self.exporter.health.accepted();
                self.pass(batch.n_spans(), &taken).await;
            }
            Err(refusal) if refusal.remedy == Remedy::Smaller => self.shrink(&batch, refusal).await,
            Err(refusal) => self.wait(&refusal).await,
        }
    }

    async fn encoded(&mut self, batch: &Batch) -> Option<bytes::Bytes> {
        let (batch, target) = (batch.clone(), self.exporter.target.clone());
        let encode = move || batch.encode(target.protocol, target.gzip);
        match tokio::task::spawn_blocking(encode).await {
            Ok(body) => Some(body),
            Err(panic) => {
                self.failures += 1;
                self.exporter.wait_to_read(&panic.to_string(), self.failures).await;
                None
            }
        }
    }

    /// The target has dealt with the next `n_spans` spans of the window.
    async fn pass(&mut self, n_spans: usize, taken: &PartialSuccess) {
        let rejected = taken.rejected_spans.min(n_spans as u64);
        if rejected > 0 {
            let (target_name, reason) = (&self.exporter.target.name, &taken.message);
            tracing::warn!(target_name, rejected, reason, "the target of an export rejected spans");
            self.exporter.health.rejected(&taken.message);
        }
        self.cursor.rejected += rejected;
        self.cursor.exported += n_spans as u64 - rejected;
        self.cursor.next_receipt = self.window.pass(n_spans);
        self.exporter.health.moved(&self.cursor);
        self.save().await;
    }

    /// Goes on with a smaller request. A single span that is too large is rejected.
    async fn shrink(&mut self, batch: &Batch, refusal: Refusal) {
        if batch.n_spans() > 1 {
            return self.halve();
        }
        self.exporter.health.refused(&refusal);
        self.pass(1, &PartialSuccess { rejected_spans: 1, message: refusal.reason }).await;
    }

    fn halve(&mut self) {
        self.request_bytes = (self.request_bytes / 2).max(1);
    }

    async fn wait(&mut self, refusal: &Refusal) {
        if refusal.remedy == Remedy::SmallerLater {
            self.halve();
        }
        self.failures += 1;
        self.exporter.health.refused(refusal);
        let target_name = &self.exporter.target.name;
        let wait = backoff::wait(target_name, self.failures, refusal.remedy);
        let next_try_in_ms = wait.as_millis() as u64;
        tracing::warn!(target_name, error = %refusal, next_try_in_ms, "an export failed and will be repeated");
        sleep(wait).await;
    }

    /// Stores the cursor. A failure only means that spans are sent again after a restart.
    async fn save(&mut self) {
        self.saved_at = Instant::now();
        if let Err(reason) = self.exporter.save(&self.cursor).await {
            self.exporter.health.failed(ExportState::CannotRead, &sanitize::line(&reason));
            tracing::error!(
                target_name = self.exporter.target.name,
                reason,
                "spans may be exported twice"
            );
        }
    }
}
