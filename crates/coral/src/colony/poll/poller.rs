//! Follows one agent's streams.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use coral_store::{Checkpoint, Store, StoreError};
use coral_trace::Collector;
use coral_wire::agent_rpc::proto::SpanPage;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

use super::PollSettings;
use super::client::{AgentClient, Wanted};
use super::error::PollError;
use super::health::Health;
use super::page::{self, LeftOut, Refused, RefusedBy};
use super::place::{after, beginning, check, is_another_store};
use crate::clock;
use crate::show::sanitize::line;

/// Drains one agent's two streams, again and again.
pub struct Poller<C> {
    agent_id: String,
    client: C,
    store: Store,
    settings: PollSettings,
    /// Room for pages, shared by all pollers.
    room: Arc<Semaphore>,
    health: Arc<Health>,
    /// How far each stream is stored: eBPF spans, SDK spans.
    places: [Checkpoint; 2],
    /// How many spans each stream is asked for at a time.
    widths: [u32; 2],
    /// Polls that failed since the last that succeeded.
    failures: u32,
    polls: u64,
}

/// The longest wait between two tries of an agent that fails.
pub(super) const MOST_BACKOFF: Duration = Duration::from_secs(60);
/// More than an agent puts into a page.
const WIDEST: u32 = 1 << 14;
/// A page that cannot be taken is asked for again with so many times fewer spans, down to one.
const NARROWER: u32 = 8;

impl<C: AgentClient> Poller<C> {
    /// A poller that goes on where the store's checkpoints say.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub fn resume(
        agent_id: &str,
        client: C,
        store: Store,
        settings: PollSettings,
        room: Arc<Semaphore>,
        health: Arc<Health>,
    ) -> Result<Self, StoreError> {
        let known = store.checkpoints()?;
        let places = [Collector::Ebpf, Collector::Sdk].map(|collector| {
            let place = known
                .iter()
                .find(|place| place.agent_id == agent_id && place.collector == collector);
            place.cloned().unwrap_or_else(|| beginning(agent_id, collector))
        });
        let (agent_id, widths) = (agent_id.to_owned(), [WIDEST; 2]);
        let (failures, polls) = (0, 0);
        Ok(Self {
            agent_id,
            client,
            store,
            settings,
            room,
            health,
            places,
            widths,
            failures,
            polls,
        })
    }

    /// Polls until `stop`. A page that came is stored before this returns, with its checkpoint.
    pub async fn run(mut self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(self.wait())).await.is_some() {
            match self.poll(&stop).await {
                Err(PollError::Stopped) => return,
                outcome => self.note(outcome),
            }
        }
    }

    /// Stores everything that the agent has now.
    pub(super) async fn poll(&mut self, stop: &CancellationToken) -> Result<(), PollError> {
        // What keeps one stream from moving on does not keep the other.
        let mut outcome = Ok(());
        for stream in 0..self.places.len() {
            outcome = outcome.and(self.catch_up(stream, stop).await);
        }
        outcome
    }

    async fn catch_up(&mut self, stream: usize, stop: &CancellationToken) -> Result<(), PollError> {
        let mut standstills = 0;
        while standstills <= MOST_STANDSTILLS {
            match self.next_page(stream, stop).await? {
                Step::CaughtUp => return Ok(()),
                Step::Moved => {}
                Step::Stood => standstills += 1,
            }
        }
        Err(PollError::Standstill(self.places[stream].next_receipt))
    }

    /// Stores one page of a stream.
    async fn next_page(
        &mut self,
        stream: usize,
        stop: &CancellationToken,
    ) -> Result<Step, PollError> {
        // Waiting can be given up at any moment; a page that is here is stored to the end.
        let fetched = stop.run_until_cancelled(self.fetch(stream)).await;
        let (page, _room) = fetched.ok_or(PollError::Stopped)??;
        let place = &self.places[stream];
        if is_another_store(place, &page) {
            tracing::info!(agent_id = %self.agent_id, "the agent's store is another one; starting over");
            let fresh = beginning(&self.agent_id, place.collector);
            let Checkpoint { spans_stored, spans_missed, .. } = *place;
            let store_id = page.store_id;
            self.places[stream] = Checkpoint { store_id, spans_stored, spans_missed, ..fresh };
            return Ok(Step::Stood);
        }
        let step = match (page.has_more, page.next_receipt > place.next_receipt) {
            (false, _) => Step::CaughtUp,
            (true, true) => Step::Moved,
            (true, false) => Step::Stood,
        };
        let lag = page.last_receipt.saturating_sub(page.next_receipt);
        let (after, spans) = (after(place, &page), page.spans);
        let left_out = match self.store_page(stream, after.clone(), spans, page.otlp).await {
            Err(bad) if bad.is_of_page() && self.widths[stream] > 1 => {
                self.narrow(stream);
                return Ok(Step::Moved);
            }
            Err(bad) if bad.is_of_page() => self.step_over(stream, after, spans, bad).await?,
            stored => {
                let left_out = stored?;
                self.widths[stream] = self.widths[stream].saturating_mul(NARROWER).min(WIDEST);
                left_out
            }
        };
        self.health.progress(&self.agent_id, lag, &self.places, &left_out);
        Ok(step)
    }

    /// A page, and the room that it takes. The agent may think for as long as it is given without taking any;
    /// once it answers, and there is room, its page has the same time to come.
    async fn fetch(
        &mut self,
        stream: usize,
    ) -> Result<(SpanPage, OwnedSemaphorePermit), PollError> {
        let Checkpoint { collector, next_receipt, .. } = self.places[stream];
        let wanted = Wanted { collector, after: next_receipt, most_spans: self.widths[stream] };
        let within = self.settings.timeout;
        let asked = timeout(within, self.client.ask(wanted)).await;
        let incoming = asked.inspect_err(|error| self.hang_up_after(error))?;
        let room = self.room.clone().acquire_owned().await.expect("never closed");
        let page = timeout(within, incoming).await.inspect_err(|error| {
            self.hang_up_after(error);
            // Perhaps it is too long for this line.
            self.narrow(stream);
        })?;
        check(&page)?;
        Ok((page, room))
    }

    fn hang_up_after(&mut self, error: &PollError) {
        if matches!(error, PollError::TimedOut(_) | PollError::Unreachable(_)) {
            self.client.hang_up();
        }
    }

    fn narrow(&mut self, stream: usize) {
        self.widths[stream] = (self.widths[stream] / NARROWER).max(1);
    }

    /// Stores spans and the place after them in one commit.
    async fn store_page(
        &mut self,
        stream: usize,
        mut place: Checkpoint,
        spans: u32,
        otlp: Vec<u8>,
    ) -> Result<LeftOut, PollError> {
        let here = &self.places[stream];
        if spans == 0 && place.next_receipt == here.next_receipt && place.store_id == here.store_id
        {
            return Ok(LeftOut::default());
        }
        let (store, sampling) = (self.store.clone(), self.settings.sampling);
        let stored = tokio::task::spawn_blocking(move || {
            page::store(&store, &otlp, sampling, &mut place).map(|left_out| (place, left_out))
        });
        let (place, left_out) = stored.await.map_err(|panic| unstorable(&panic))??;
        self.places[stream] = place;
        if let Some(refused) = &left_out.refused {
            self.warn_of(refused);
        }
        Ok(left_out)
    }

    /// Goes on after a page of one span that cannot be taken.
    async fn step_over(
        &mut self,
        stream: usize,
        after: Checkpoint,
        spans: u32,
        bad: PollError,
    ) -> Result<LeftOut, PollError> {
        self.store_page(stream, after, 0, Vec::new()).await?;
        let by = match bad {
            PollError::Unstorable(_) => RefusedBy::Store,
            _ => RefusedBy::Format,
        };
        let refused = Refused { by, spans: u64::from(spans.max(1)), reason: bad.to_string() };
        self.warn_of(&refused);
        Ok(LeftOut { refused: Some(refused), ..LeftOut::default() })
    }

    fn warn_of(&self, refused: &Refused) {
        tracing::warn!(
            agent_id = %self.agent_id,
            n_spans = refused.spans,
            reason = line(&refused.reason),
            "spans of an agent cannot be stored and are left out"
        );
    }

    fn note(&mut self, outcome: Result<(), PollError>) {
        self.polls += 1;
        match outcome {
            Ok(()) => {
                if self.failures > 0 {
                    tracing::info!(agent_id = %self.agent_id, "the agent answers again");
                }
                self.failures = 0;
                self.health.caught_up(&self.agent_id, clock::now());
            }
            Err(error) => {
                self.failures += 1;
                self.health.failed(&self.agent_id, &error);
                let next_try_in_ms = self.wait().as_millis() as u64;
                tracing::warn!(agent_id = %self.agent_id, %error, next_try_in_ms, "could not poll an agent");
            }
        }
    }

    /// How long until the next poll: the interval give or take a fifth, doubled with every failure.
    fn wait(&self) -> Duration {
        let every = self.settings.every;
        if self.polls == 0 {
            // The first polls of all agents are spread over one short interval.
            return every.min(Duration::from_secs(1)).mul_f64(self.jitter());
        }
        let doubled = every.saturating_mul(1 << self.failures.min(16));
        let base = doubled.min(MOST_BACKOFF.max(every));
        base.mul_f64(0.8 + 0.4 * self.jitter())
    }

    /// In [0, 1), another for each agent and poll, the same in every run.
    fn jitter(&self) -> f64 {
        let mut hasher = DefaultHasher::new();
        (&self.agent_id, self.polls).hash(&mut hasher);
        (hasher.finish() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Where a page left its stream.
enum Step {
    CaughtUp,
    Moved,
    /// Where it was, or at its beginning again.
    Stood,
}

/// An answer may come twice and a store be exchanged; an agent that does so more often in one poll is not asked
/// again at once.
const MOST_STANDSTILLS: u32 = 3;

async fn timeout<T>(
    within: Duration,
    what: impl Future<Output = Result<T, PollError>>,
) -> Result<T, PollError> {
    tokio::time::timeout(within, what).await.map_err(|_| PollError::TimedOut(within))?
}

fn unstorable(panic: &JoinError) -> PollError {
    PollError::Unstorable(line(&panic.to_string()))
}
