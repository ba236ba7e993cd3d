//! Polls one agent's streams.
//!
//! All streams are polled at the polling interval. Between these polls, an agent that can wait is
//! asked for the next page of spans, and answers when it has new spans.

use std::sync::Arc;
use std::time::Duration;

use coral_engine::{Checkpoint, Engine, EngineError};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::PollSettings;
use super::client::{AgentClient, SpanPageRequest};
use super::error::PollError;
use super::health::Health;
use super::lease::AgentLease;
use super::metrics::MetricStream;
use super::on_engine::on_engine;
use super::pace::Pace;
use super::page::{self, LeftOut, RefusedBy, RefusedSpans, SentSpans, StoredPage};
use super::page_fetcher::PageFetcher;
use super::page_form::PageForm;
use super::position::{
    MAX_STANDSTILLS, Positions, beginning, check_store_id, checkpoint_after, is_another_store,
    loses_spans,
};
use super::width::Width;
use coral_server::clock;
use coral_trace::chain;
use coral_trace::sanitize::line;

/// Polls all streams of one agent, repeatedly.
pub struct Poller<C> {
    agent_id: String,
    fetcher: PageFetcher<C>,
    engine: Arc<dyn Engine>,
    settings: PollSettings,
    health: Arc<Health>,
    /// The stored checkpoints: eBPF spans, SDK spans.
    checkpoints: [Checkpoint; 2],
    /// How many spans are requested per page of each stream.
    widths: [Width; 2],
    /// In which form pages of each stream are requested.
    forms: [PageForm; 2],
    metrics: MetricStream,
    pace: Pace,
    /// When all streams are due. Until then only an agent that waits for new spans is asked.
    due: Instant,
    /// Whether the agent waits for new spans when it is asked to.
    listens: bool,
    /// Ends a backoff.
    wishes: watch::Receiver<()>,
}

/// Places of the streams.
const EBPF: usize = 0;
const SDK: usize = 1;

/// The rest between two requests to an agent that waits for new spans, in which its next page
/// fills; and the rest for each agent of the colony, which limits the requests of all pollers
/// together to 1,000 per second.
const MIN_REST: Duration = Duration::from_millis(200);
const REST_PER_AGENT: Duration = Duration::from_millis(1);

impl<C: AgentClient> Poller<C> {
    /// A poller that resumes from the stored checkpoints. Blocks.
    ///
    /// # Errors
    /// [`EngineError`] when the checkpoints cannot be read. Polling without them would start over.
    pub fn resume(
        agent_id: &str,
        client: C,
        engine: Arc<dyn Engine>,
        settings: PollSettings,
        room: Arc<Semaphore>,
        health: Arc<Health>,
    ) -> Result<Self, EngineError> {
        let Positions { spans: checkpoints, metrics } = Positions::stored(&*engine, agent_id)?;
        health.resume(agent_id, &checkpoints);
        let metrics = MetricStream::at(metrics, engine.clone());
        let (agent_id, within) = (agent_id.to_owned(), settings.timeout);
        let lease = AgentLease::none(settings.lease.as_ref().map(|terms| terms.length));
        let fetcher = PageFetcher { client, room, within, lease };
        let (widths, pace) = ([Width::MAX_WIDTH; 2], Pace::new(&agent_id, settings.every));
        let forms = [PageForm::of_layout(engine.capabilities().columns_layout); 2];
        let (due, listens, wishes) = (Instant::now(), false, health.wishes(&agent_id));
        Ok(Self {
            agent_id,
            fetcher,
            engine,
            settings,
            health,
            checkpoints,
            widths,
            forms,
            metrics,
            pace,
            due,
            listens,
            wishes,
        })
    }

    /// Polls until `stop` is cancelled, then gives the agent's lease up. A received page is stored
    /// with its checkpoint before this returns.
    pub async fn run(mut self, stop: CancellationToken) {
        self.poll_until(&stop).await;
        self.fetcher.release().await;
    }

    async fn poll_until(&mut self, stop: &CancellationToken) {
        self.due = Instant::now() + self.pace.wait();
        while stop.run_until_cancelled(self.rest()).await.is_some() {
            // A registration during the request ends the backoff after it.
            self.wishes.mark_unchanged();
            let heard = self.hear(self.wait_at_agent(), stop).await;
            let is_due = Instant::now() >= self.due;
            let outcome = match heard {
                Err(PollError::Leased(_)) => heard,
                heard if is_due => heard.and(self.metrics(stop).await),
                heard => heard,
            };
            let retry = match &outcome {
                Err(PollError::Stopped) => return,
                Err(PollError::Leased(held)) => Some(held.remaining.max(MIN_REST)),
                Ok(()) if !is_due => None,
                _ => Some(Duration::MAX),
            };
            self.note(outcome);
            if let Some(at_most) = retry {
                self.due = Instant::now() + self.pace.wait().min(at_most);
            }
        }
    }

    /// Stores everything that the agent has now.
    #[cfg(test)]
    pub(super) async fn poll(&mut self, stop: &CancellationToken) -> Result<(), PollError> {
        self.hear(Duration::ZERO, stop).await.and(self.metrics(stop).await)
    }

    /// Stores all spans that the agent has. If it has no new span, the agent waits for one for up
    /// to `wait`.
    async fn hear(&mut self, wait: Duration, stop: &CancellationToken) -> Result<(), PollError> {
        self.read_again_if_in_doubt().await?;
        let (begin, known) = (Instant::now(), self.checkpoints.clone());
        let mut outcome = self.catch_up(EBPF, wait, stop).await;
        if matches!(outcome, Err(PollError::Leased(_))) {
            return outcome;
        }
        // Both streams count the same receipts: at the same receipt, neither has further spans.
        let [ebpf, sdk] = &self.checkpoints;
        let is_level = (&ebpf.store_id, ebpf.next_receipt) == (&sdk.store_id, sdk.next_receipt);
        // A failure of one stream does not stop the other streams.
        if outcome.is_err() || !is_level {
            outcome = outcome.and(self.catch_up(SDK, Duration::ZERO, stop).await);
        }
        // An agent that stops ends its wait early, and would be asked again and again.
        self.listens &= self.checkpoints != known || begin.elapsed() >= wait;
        outcome
    }

    /// Reads the checkpoints from the engine again, if another colony of the cluster may have moved
    /// them.
    async fn read_again_if_in_doubt(&mut self) -> Result<(), PollError> {
        if !self.fetcher.lease.is_in_doubt() {
            return Ok(());
        }
        let agent_id = self.agent_id.clone();
        let stored = on_engine(&self.engine, move |engine| {
            Positions::stored(engine, &agent_id).map_err(PollError::CannotStore)
        });
        let Positions { spans, metrics } = stored.await?;
        self.checkpoints = spans;
        self.metrics.move_to(metrics);
        self.health.resume(&self.agent_id, &self.checkpoints);
        self.fetcher.lease.has_read();
        Ok(())
    }

    async fn metrics(&mut self, stop: &CancellationToken) -> Result<(), PollError> {
        self.metrics.catch_up(&mut self.fetcher, &self.health, stop).await
    }

    async fn catch_up(
        &mut self,
        stream: usize,
        mut wait: Duration,
        stop: &CancellationToken,
    ) -> Result<(), PollError> {
        let mut standstills = 0;
        while standstills <= MAX_STANDSTILLS {
            // Only the first page is waited for.
            match self.next_page(stream, std::mem::take(&mut wait), stop).await? {
                Step::CaughtUp => return Ok(()),
                Step::Moved | Step::AskAgain => {}
                Step::Stood => standstills += 1,
            }
        }
        Err(PollError::Standstill(self.checkpoints[stream].next_receipt))
    }

    /// Requests and stores one page of a stream.
    async fn next_page(
        &mut self,
        stream: usize,
        wait: Duration,
        stop: &CancellationToken,
    ) -> Result<Step, PollError> {
        let Checkpoint { collector, next_receipt, .. } = self.checkpoints[stream];
        let most_spans = self.widths[stream].get();
        let (after, columns) = (next_receipt, self.forms[stream].layout());
        let wanted = SpanPageRequest { collector, after, most_spans, wait, columns };
        // If the page does not arrive, fewer spans are requested next time: the page may be too
        // long for a slow connection.
        let fetched = self.fetcher.spans(wanted, stop).await;
        let (mut page, _room) = fetched.inspect_err(|_| self.widths[stream].narrow())?;
        check_store_id(&page.store_id)?;
        self.listens = page.waits;
        let checkpoint = &self.checkpoints[stream];
        if is_another_store(checkpoint, &page) {
            tracing::info!(agent_id = %self.agent_id, "the agent has another store, or an older copy; starting over at receipt 0");
            let fresh = beginning(&self.agent_id, checkpoint.collector);
            let Checkpoint { spans_stored, spans_missed, .. } = *checkpoint;
            let store_id = page.store_id;
            self.checkpoints[stream] = Checkpoint { store_id, spans_stored, spans_missed, ..fresh };
            return Ok(Step::Stood);
        }
        let step = match (page.has_more, page.next_receipt > checkpoint.next_receipt) {
            (false, _) => Step::CaughtUp,
            (true, true) => Step::Moved,
            (true, false) => Step::Stood,
        };
        let lag = page.last_receipt.saturating_sub(page.next_receipt);
        let lag_if_not_stored = page.last_receipt.saturating_sub(checkpoint.next_receipt);
        let (after, spans) = (checkpoint_after(checkpoint, &page), page.spans);
        let is_lossy = loses_spans(checkpoint, &after, page.first_receipt);
        self.health.page(&self.agent_id, &page, is_lossy, clock::now());
        let sent = SentSpans::take(&mut page);
        let is_by_column = matches!(sent, SentSpans::Columns(_));
        let stored = match self.store_page(stream, after.clone(), spans, sent).await {
            Err(bad) if bad.is_of_page() => {
                let falls_back = is_by_column && self.forms[stream].fall_back();
                if falls_back || !self.widths[stream].isolate() {
                    return Ok(Step::AskAgain);
                }
                self.step_over(stream, after, spans, bad).await
            }
            stored => stored.inspect(|_| {
                self.widths[stream].widen();
                self.forms[stream].go_on();
            }),
        };
        let left_out =
            stored.inspect_err(|_| self.health.lags(&self.agent_id, lag_if_not_stored))?;
        self.health.progress(&self.agent_id, clock::now(), lag, &self.checkpoints, &left_out);
        Ok(step)
    }

    /// Stores the spans of a page and its checkpoint in one commit.
    async fn store_page(
        &mut self,
        stream: usize,
        checkpoint: Checkpoint,
        spans: u32,
        sent: SentSpans,
    ) -> Result<LeftOut, PollError> {
        let here = &self.checkpoints[stream];
        if spans == 0
            && checkpoint.next_receipt == here.next_receipt
            && checkpoint.store_id == here.store_id
        {
            return Ok(LeftOut::default());
        }
        let sampling = self.settings.sampling;
        let stored =
            on_engine(&self.engine, move |engine| page::store(engine, sent, sampling, checkpoint));
        let StoredPage { checkpoint, left_out, counts } = stored.await?;
        self.checkpoints[stream] = checkpoint;
        self.health.count_spans(&self.agent_id, counts);
        if let Some(refused) = &left_out.refused {
            self.warn_of(refused);
        }
        Ok(left_out)
    }

    /// Skips a page of one span that can never be stored.
    async fn step_over(
        &mut self,
        stream: usize,
        after: Checkpoint,
        spans: u32,
        bad: PollError,
    ) -> Result<LeftOut, PollError> {
        self.store_page(stream, after, 0, SentSpans::none()).await?;
        self.widths[stream].go_on();
        let by = match bad {
            PollError::Unstorable(_) => RefusedBy::Store,
            _ => RefusedBy::Format,
        };
        let refused = RefusedSpans { by, spans: u64::from(spans.max(1)), reason: chain(&bad) };
        self.warn_of(&refused);
        Ok(LeftOut { refused: Some(refused), ..LeftOut::default() })
    }

    fn warn_of(&self, refused: &RefusedSpans) {
        tracing::warn!(
            agent_id = %self.agent_id,
            n_spans = refused.spans,
            reason = line(&refused.reason),
            "spans of an agent cannot be stored and are left out"
        );
    }

    fn note(&mut self, outcome: Result<(), PollError>) {
        match outcome {
            Ok(()) => {
                if self.pace.succeeded() {
                    tracing::info!(agent_id = %self.agent_id, "the agent answers again");
                }
                let rate = self.settings.sampling.rate();
                self.health.caught_up(&self.agent_id, clock::now(), rate);
            }
            Err(PollError::Leased(held)) => {
                self.pace.succeeded();
                self.listens = false;
                self.health.polled_by(&self.agent_id, &held.holder);
                let remaining_ms = held.remaining.as_millis() as u64;
                tracing::debug!(agent_id = %self.agent_id, holder = %held.holder, remaining_ms, "another colony polls the agent");
            }
            Err(error) => {
                self.pace.failed();
                self.health.failed(&self.agent_id, &error);
                let next_try_in_ms = self.pace.wait().as_millis() as u64;
                tracing::warn!(agent_id = %self.agent_id, error = chain(&error), next_try_in_ms, "could not poll an agent");
            }
        }
    }

    /// Waits until the agent is to be asked. A registration ends the backoff of an agent whose last
    /// poll failed.
    async fn rest(&mut self) {
        let next = tokio::time::sleep_until(self.next_request());
        if !self.pace.has_failed() {
            return next.await;
        }
        tokio::select! {
            () = next => {}
            Ok(()) = self.wishes.changed() => self.due = Instant::now(),
        }
    }

    /// When the agent is asked next: when all streams are due, or after a rest if the agent waits
    /// for new spans.
    fn next_request(&self) -> Instant {
        if !self.listens || self.pace.has_failed() {
            return self.due;
        }
        let rest = MIN_REST.max(REST_PER_AGENT * self.health.agents());
        self.due.min(Instant::now() + rest)
    }

    /// How long the agent waits for a new span: until all streams are due, in whole milliseconds.
    fn wait_at_agent(&self) -> Duration {
        let wait = self.due.saturating_duration_since(Instant::now());
        Duration::from_millis(wait.as_micros().div_ceil(1_000) as u64)
    }
}

/// What a page changed in its stream.
enum Step {
    CaughtUp,
    Moved,
    /// Nothing was stored: the page is requested next as spans, or fewer spans are, to find the one
    /// that cannot be stored.
    AskAgain,
    /// The checkpoint did not advance, or was reset to the beginning.
    Stood,
}
