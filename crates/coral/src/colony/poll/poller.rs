//! Follows one agent.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use coral_store::{Checkpoint, Store, StoreError};
use coral_trace::{Collector, Recogniser};
use coral_wire::agent_rpc::proto::SpanPage;
use coral_wire::otlp_in::{self, Encoding};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::PollSettings;
use super::client::{AgentClient, PollError};
use super::health::Health;
use super::metrics::MetricStream;
use super::sampling::Sampling;
use crate::clock;
use crate::errors::chain;

/// Drains one agent's two streams, again and again.
pub struct Poller<C> {
    agent_id: String,
    client: C,
    store: Store,
    settings: PollSettings,
    pages: Arc<Semaphore>,
    health: Arc<Health>,
    /// How far each stream is stored: eBPF spans, SDK spans.
    places: [Checkpoint; 2],
    metrics: MetricStream,
    /// Polls that failed since the last that succeeded.
    failures: u32,
    polls: u64,
}

/// The longest wait between two tries of an agent that fails.
const MOST_BACKOFF: Duration = Duration::from_secs(60);

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
        pages: Arc<Semaphore>,
        health: Arc<Health>,
    ) -> Result<Self, StoreError> {
        let known = store.checkpoints()?;
        let places = [Collector::Ebpf, Collector::Sdk].map(|collector| {
            let place = known
                .iter()
                .find(|place| place.agent_id == agent_id && place.collector == collector);
            place.cloned().unwrap_or_else(|| beginning(agent_id, collector))
        });
        let (agent_id, metrics) = (agent_id.to_owned(), MetricStream::resume(agent_id, &store));
        let (failures, polls) = (0, 0);
        Ok(Self {
            agent_id,
            client,
            store,
            settings,
            pages,
            health,
            places,
            metrics,
            failures,
            polls,
        })
    }

    /// Polls until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(self.wait())).await.is_some() {
            let Some(outcome) = stop.run_until_cancelled(self.poll()).await else { return };
            self.note(outcome);
        }
    }

    /// Stores everything that the agent has now.
    pub(super) async fn poll(&mut self) -> Result<(), PollError> {
        // What keeps one stream from moving on does not keep the other.
        let mut outcome = Ok(());
        for stream in 0..self.places.len() {
            outcome = outcome.and(self.catch_up(stream).await);
        }
        let timeout = self.settings.timeout;
        outcome.and(self.metrics.catch_up(&mut self.client, &self.store, timeout).await)
    }

    async fn catch_up(&mut self, stream: usize) -> Result<(), PollError> {
        let mut standstills = 0;
        while standstills <= MOST_STANDSTILLS {
            match self.next_page(stream).await? {
                Step::CaughtUp => return Ok(()),
                Step::Moved => {}
                Step::Stood => standstills += 1,
            }
        }
        Err(PollError::Standstill(self.places[stream].next_receipt))
    }

    /// Stores one page of a stream.
    async fn next_page(&mut self, stream: usize) -> Result<Step, PollError> {
        let place = &self.places[stream];
        let asked = self.client.page(place.collector, place.next_receipt);
        let page = tokio::time::timeout(self.settings.timeout, asked)
            .await
            .map_err(|_| PollError::TimedOut(self.settings.timeout))??;
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
        self.health.beyla(&self.agent_id, &page.beyla);
        let lag = page.last_receipt.saturating_sub(page.next_receipt);
        let sampled_out = self.store_page(stream, page).await?;
        self.health.progress(&self.agent_id, lag, &self.places, sampled_out);
        Ok(step)
    }

    /// Stores a page and its checkpoint in one commit. Returns how many spans sampling left out.
    async fn store_page(&mut self, stream: usize, page: SpanPage) -> Result<u64, PollError> {
        let mut place = self.places[stream].clone();
        let unmoved = page.next_receipt == place.next_receipt && page.store_id == place.store_id;
        if page.spans == 0 && unmoved {
            return Ok(0);
        }
        place.spans_missed = place.spans_missed.saturating_add(missed(&place, &page));
        place.next_receipt = page.next_receipt;
        place.store_id = page.store_id;
        let (store, sampling) = (self.store.clone(), self.settings.sampling);
        let _turn = self.pages.acquire().await.map_err(|_| cannot_store("stopping"))?;
        let stored = tokio::task::spawn_blocking(move || {
            store_spans(&store, &page.otlp, sampling, &mut place)
                .map(|sampled_out| (place, sampled_out))
        });
        let (place, sampled_out) = stored.await.map_err(cannot_store)??;
        self.places[stream] = place;
        Ok(sampled_out)
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

fn beginning(agent_id: &str, collector: Collector) -> Checkpoint {
    Checkpoint {
        agent_id: agent_id.to_owned(),
        collector,
        store_id: String::new(),
        next_receipt: 0,
        spans_stored: 0,
        spans_missed: 0,
    }
}

/// Whether the page is of another store than the place is in: the agent was wiped, or an older copy of
/// its store was put back.
fn is_another_store(place: &Checkpoint, page: &SpanPage) -> bool {
    let known = !place.store_id.is_empty();
    known && (page.store_id != place.store_id || page.last_receipt < place.next_receipt)
}

/// Receipts between the place and the oldest that the agent still has: expired unpolled. What expired
/// before this colony first asked was never its to miss.
fn missed(place: &Checkpoint, page: &SpanPage) -> u64 {
    let first_contact = place.store_id.is_empty();
    if first_contact {
        0
    } else {
        page.first_receipt.saturating_sub(place.next_receipt.saturating_add(1))
    }
}

fn store_spans(
    store: &Store,
    otlp: &[u8],
    sampling: Sampling,
    place: &mut Checkpoint,
) -> Result<u64, PollError> {
    let collector = match place.collector {
        Collector::Ebpf => Recogniser::everything_ebpf(),
        Collector::Sdk => Recogniser::everything_sdk(),
    };
    let decoded = otlp_in::decode(otlp, Encoding::Protobuf, &collector)
        .map_err(|error| PollError::Undecodable(chain(&error)))?;
    if decoded.refused.spans > 0 {
        // The agent checked them when it took them in.
        return Err(PollError::Undecodable(decoded.refused.message()));
    }
    let mut spans = decoded.spans;
    let came = spans.len();
    spans.retain(|span| sampling.keeps(span.trace_id));
    let sampled_out = (came - spans.len()) as u64;
    store
        .append_page(spans, clock::now(), place)
        .map_err(|error| PollError::CannotStore(chain(&error)))?;
    Ok(sampled_out)
}

fn cannot_store(cause: impl std::fmt::Display) -> PollError {
    PollError::CannotStore(cause.to_string())
}
