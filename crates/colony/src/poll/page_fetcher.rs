//! Fetches pages of one agent: with a timeout, and with a limit of pages in memory over all agents.

use std::sync::Arc;
use std::time::Duration;

use coral_wire::agent_rpc::proto::{QueryBeylaMetricsResponse, SpanPage};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::client::{AgentClient, Incoming, MetricPageRequest, SpanPageRequest};
use super::error::PollError;
use super::lease::AgentLease;

/// Fetches the pages of one agent when a permit is free. All streams of the agent share the
/// fetcher.
pub(super) struct PageFetcher<C> {
    pub(super) client: C,
    /// Permits for pages in memory, shared by all agents.
    pub(super) room: Arc<Semaphore>,
    /// How long an agent may take to start an answer, and how long the answer may take to arrive.
    pub(super) within: Duration,
    /// The agent's lease, which each request renews.
    pub(super) lease: AgentLease,
}

/// How long an agent may take to end a lease that is given up.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(1);

/// A page, with the permit that it holds until it is stored.
pub(super) type PageWithPermit<P> = (P, OwnedSemaphorePermit);

impl<C: AgentClient> PageFetcher<C> {
    /// Fetches a page of spans. Returns [`PollError::Stopped`] as soon as `stop` is cancelled.
    pub(super) async fn spans(
        &mut self,
        wanted: SpanPageRequest,
        stop: &CancellationToken,
    ) -> Result<PageWithPermit<SpanPage>, PollError> {
        let start_within = wanted.wait.saturating_add(self.within);
        let asked = self.lease.asks();
        let coming = fetch(self.client.ask(wanted), &self.room, start_within, self.within);
        let held = stop.run_until_cancelled(coming).await.ok_or(PollError::Stopped)?;
        self.note(asked, held)
    }

    /// Fetches a page of metrics. Returns [`PollError::Stopped`] as soon as `stop` is cancelled.
    pub(super) async fn metrics(
        &mut self,
        wanted: MetricPageRequest,
        stop: &CancellationToken,
    ) -> Result<PageWithPermit<QueryBeylaMetricsResponse>, PollError> {
        let asked = self.lease.asks();
        let coming = fetch(self.client.ask_metrics(wanted), &self.room, self.within, self.within);
        let held = stop.run_until_cancelled(coming).await.ok_or(PollError::Stopped)?;
        self.note(asked, held)
    }

    /// Gives the lease up, if this colony has it, so that another colony may poll at once.
    pub(super) async fn release(mut self) {
        if self.lease.is_held() {
            // Without an answer, the lease ends by itself.
            let _ = tokio::time::timeout(RELEASE_TIMEOUT, self.client.release()).await;
        }
    }

    /// Takes note of what the outcome of a request, which was sent at `asked`, says of connection
    /// and lease.
    fn note<P>(&mut self, asked: Instant, outcome: Result<P, PollError>) -> Result<P, PollError> {
        match &outcome {
            Ok(_) => self.lease.granted(asked),
            Err(PollError::Leased(_)) => self.lease.refused(),
            Err(PollError::TimedOut(_) | PollError::Unreachable(_)) => self.client.hang_up(),
            Err(_) => {}
        }
        outcome
    }
}

/// Waits for the answer to start, which needs no permit; then for a permit; then for the page. The
/// start of the answer and the page have a timeout each.
async fn fetch<P>(
    asked: impl Future<Output = Result<Incoming<P>, PollError>>,
    room: &Arc<Semaphore>,
    start_within: Duration,
    within: Duration,
) -> Result<PageWithPermit<P>, PollError> {
    let incoming = timeout(start_within, asked).await?;
    let room = room.clone().acquire_owned().await.expect("never closed");
    Ok((timeout(within, incoming).await?, room))
}

async fn timeout<T>(
    within: Duration,
    what: impl Future<Output = Result<T, PollError>>,
) -> Result<T, PollError> {
    tokio::time::timeout(within, what).await.map_err(|_| PollError::TimedOut(within))?
}
