//! Keeps one agent polled.

use std::collections::BTreeMap;
use std::sync::Arc;

use coral_store::{Store, StoreError};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::PollSettings;
use super::client::AgentClient;
use super::health::Health;
use super::poller::{MAX_BACKOFF, Poller};
use crate::registry::Agent;

/// Polls one agent wherever it moves, one poller after the other. A poller that panics is started again.
pub struct Follower<F> {
    /// The agent's id.
    pub id: String,
    /// All agents; this one's address.
    pub agents: watch::Receiver<BTreeMap<String, Agent>>,
    /// How an agent is asked at an address.
    pub connect: F,
    /// Where pages go.
    pub store: Store,
    /// How to poll.
    pub settings: PollSettings,
    /// Room for pages.
    pub room: Arc<Semaphore>,
    /// How it goes.
    pub health: Arc<Health>,
}

impl<C: AgentClient, F: Fn(String) -> C> Follower<F> {
    /// Polls until `stop`. Pages that came in by then are stored.
    ///
    /// # Errors
    /// [`StoreError`] when the checkpoints cannot be read.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        let mut panics = 0;
        while let Some(agent) = stop.run_until_cancelled(self.agent()).await {
            let begin = Instant::now();
            let Some(Err(panic)) = self.poll_at(&agent, &stop).await? else { continue };
            let was_well = begin.elapsed() > MAX_BACKOFF;
            panics = if was_well { 1 } else { panics + 1 };
            self.wait_after(&panic, panics, &stop).await;
        }
        Ok(())
    }

    /// Polls until the agent moves, or until `stop`. What the poller began has ended when this returns: the
    /// next one begins where its last commit says.
    async fn poll_at(
        &mut self,
        agent: &Agent,
        stop: &CancellationToken,
    ) -> Result<Option<Result<(), JoinError>>, StoreError> {
        self.health.know(&self.id, agent);
        let poller = Poller::resume(
            &self.id,
            (self.connect)(agent.address.clone()),
            self.store.clone(),
            self.settings.clone(),
            self.room.clone(),
            self.health.clone(),
        )?;
        let (stop_here, mut polling) = (stop.child_token(), JoinSet::new());
        polling.spawn(poller.run(stop_here.clone()));
        tokio::select! {
            ended = polling.join_next() => return Ok(ended),
            () = self.moved_from(agent) => stop_here.cancel(),
        }
        Ok(polling.join_next().await)
    }

    async fn wait_after(&self, panic: &JoinError, panics: u32, stop: &CancellationToken) {
        self.health.panicked(&self.id, &panic.to_string());
        let wait = self.settings.every.saturating_mul(1 << panics.min(16)).min(MAX_BACKOFF);
        let next_try_in_ms = wait.as_millis() as u64;
        tracing::error!(agent_id = %self.id, %panic, next_try_in_ms, "a poller panicked; it is started again");
        stop.run_until_cancelled(tokio::time::sleep(wait)).await;
    }

    /// Where the agent is, once it is known.
    async fn agent(&mut self) -> Agent {
        let id = &self.id;
        if let Ok(agents) = self.agents.wait_for(|agents| agents.contains_key(id)).await {
            return agents[id].clone();
        }
        std::future::pending().await
    }

    async fn moved_from(&mut self, known: &Agent) {
        let id = &self.id;
        if self.agents.wait_for(|agents| agents.get(id) != Some(known)).await.is_err() {
            // Nobody is left who could say so.
            std::future::pending().await
        }
    }
}
