//! Fetches pages of one agent, within the room and the time that all agents share.

use std::sync::Arc;
use std::time::Duration;

use coral_engine::Engine;
use coral_wire::agent_rpc::proto::{QueryBeylaMetricsResponse, SpanPage};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::client::{AgentClient, Incoming, MetricPageRequest, SpanPageRequest};
use super::error::PollError;

/// Brings pages of one agent when there is room for them. Shared by its streams.
pub(super) struct PageFetcher<C> {
    pub(super) client: C,
    pub(super) engine: Arc<dyn Engine>,
    /// Room for pages, shared by all agents.
    pub(super) room: Arc<Semaphore>,
    /// How long an agent may think about a page, and how long that may take to come.
    pub(super) within: Duration,
}

/// A page, and the room that it takes until it is stored.
pub(super) type PageWithPermit<P> = (P, OwnedSemaphorePermit);

impl<C: AgentClient> PageFetcher<C> {
    /// A page of spans. Waiting for it ends with `stop`.
    pub(super) async fn spans(
        &mut self,
        wanted: SpanPageRequest,
        stop: &CancellationToken,
    ) -> Result<PageWithPermit<SpanPage>, PollError> {
        let coming = fetch(self.client.ask(wanted), &self.room, self.within);
        let held = stop.run_until_cancelled(coming).await.ok_or(PollError::Stopped)?;
        held.inspect_err(|error| self.hang_up_after(error))
    }

    /// A page of metrics, likewise.
    pub(super) async fn metrics(
        &mut self,
        wanted: MetricPageRequest,
        stop: &CancellationToken,
    ) -> Result<PageWithPermit<QueryBeylaMetricsResponse>, PollError> {
        let coming = fetch(self.client.ask_metrics(wanted), &self.room, self.within);
        let held = stop.run_until_cancelled(coming).await.ok_or(PollError::Stopped)?;
        held.inspect_err(|error| self.hang_up_after(error))
    }

    fn hang_up_after(&mut self, error: &PollError) {
        if matches!(error, PollError::TimedOut(_) | PollError::Unreachable(_)) {
            self.client.hang_up();
        }
    }
}

/// Calls `work` with the engine, on a thread that may block. `work` runs to its end, also when the caller stops
/// waiting for it.
pub(super) async fn on_engine<T: Send + 'static>(
    engine: &Arc<dyn Engine>,
    work: impl FnOnce(&dyn Engine) -> Result<T, PollError> + Send + 'static,
) -> Result<T, PollError> {
    let engine = engine.clone();
    let worked = tokio::task::spawn_blocking(move || work(&*engine)).await;
    worked.map_err(|panic| PollError::unstorable(&panic))?
}

/// The agent may think for as long as it is given without taking any room; once it answers, and there is room,
/// its page has the same time to come.
async fn fetch<P>(
    asked: impl Future<Output = Result<Incoming<P>, PollError>>,
    room: &Arc<Semaphore>,
    within: Duration,
) -> Result<PageWithPermit<P>, PollError> {
    let incoming = timeout(within, asked).await?;
    let room = room.clone().acquire_owned().await.expect("never closed");
    Ok((timeout(within, incoming).await?, room))
}

async fn timeout<T>(
    within: Duration,
    what: impl Future<Output = Result<T, PollError>>,
) -> Result<T, PollError> {
    tokio::time::timeout(within, what).await.map_err(|_| PollError::TimedOut(within))?
}
