//! Runs the pollers of one agent.

use std::collections::BTreeMap;
use std::sync::Arc;

use coral_engine::Engine;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::PollSettings;
use super::client::AgentClient;
use super::error::PollError;
use super::health::Health;
use super::pace::MAX_BACKOFF;
use super::poller::Poller;
use crate::registry::Agent;
use coral_trace::chain;

/// Runs one poller at a time for an agent: a new one when the agent moves or its poller panics.
pub struct Follower<F> {
    /// The agent's id.
    pub id: String,
    /// The agents that this colony polls, with their addresses.
    pub agents: watch::Receiver<BTreeMap<String, Agent>>,
    /// Makes a client for an address.
    pub connect: F,
    /// The engine that stores pages.
    pub engine: Arc<dyn Engine>,
    /// Polling settings.
    pub settings: PollSettings,
    /// Limits the pages in memory, over all agents.
    pub room: Arc<Semaphore>,
    /// Records how polling goes.
    pub health: Arc<Health>,
}

impl<C: AgentClient, F: Fn(String) -> C> Follower<F> {
    /// Polls until `stop` is cancelled. Pages received before that are stored.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut failures = 0;
        while let Some(agent) = stop.run_until_cancelled(self.agent()).await {
            let begin = Instant::now();
            let Err(failure) = self.poll_at(&agent, &stop).await else { continue };
            let was_well = begin.elapsed() > MAX_BACKOFF;
            failures = if was_well { 1 } else { failures + 1 };
            self.wait_after(&failure, failures, &stop).await;
        }
    }

    /// Polls until the agent moves or `stop` is cancelled. The poller's last commit is complete
    /// when this returns, so that the next poller resumes from its checkpoint.
    async fn poll_at(
        &mut self,
        agent: &Agent,
        stop: &CancellationToken,
    ) -> Result<(), PollerFailure> {
        self.health.know(&self.id, agent);
        let poller = self.resume(agent).await?;
        let (stop_here, mut polling) = (stop.child_token(), JoinSet::new());
        polling.spawn(poller.run(stop_here.clone()));
        let ended = tokio::select! {
            ended = polling.join_next() => ended,
            () = self.moved_from(agent) => {
                stop_here.cancel();
                polling.join_next().await
            }
        };
        Ok(ended.unwrap_or(Ok(()))?)
    }

    /// A poller that resumes from the stored checkpoints.
    async fn resume(&self, agent: &Agent) -> Result<Poller<C>, PollerFailure> {
        let client = (self.connect)(agent.address.clone());
        let (id, engine) = (self.id.clone(), self.engine.clone());
        let (settings, room, health) =
            (self.settings.clone(), self.room.clone(), self.health.clone());
        let resume = move || Poller::resume(&id, client, engine, settings, room, health);
        let resumed = tokio::task::spawn_blocking(resume).await?;
        resumed.map_err(|error| PollerFailure::Checkpoints(PollError::CannotStore(error)))
    }

    async fn wait_after(&self, failure: &PollerFailure, failures: u32, stop: &CancellationToken) {
        let wait = self.settings.every.saturating_mul(1 << failures.min(16)).min(MAX_BACKOFF);
        let next_try_in_ms = wait.as_millis() as u64;
        match failure {
            PollerFailure::Panicked(panic) => {
                self.health.panicked(&self.id, &panic.to_string());
                tracing::error!(agent_id = %self.id, %panic, next_try_in_ms, "a poller panicked and will be restarted");
            }
            PollerFailure::Checkpoints(error) => {
                self.health.failed(&self.id, error);
                tracing::warn!(agent_id = %self.id, error = chain(error), next_try_in_ms, "could not read an agent's checkpoints");
            }
        }
        stop.run_until_cancelled(tokio::time::sleep(wait)).await;
    }

    /// Waits until this colony polls the agent, and returns the agent's entry.
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
            // The sender is gone: the agent can never become known.
            std::future::pending().await
        }
    }
}

/// Why a poller ended, or could not be started.
#[derive(Debug)]
enum PollerFailure {
    /// The poller panicked.
    Panicked(JoinError),
    /// The checkpoints cannot be read.
    Checkpoints(PollError),
}

impl From<JoinError> for PollerFailure {
    fn from(panic: JoinError) -> Self {
        Self::Panicked(panic)
    }
}
