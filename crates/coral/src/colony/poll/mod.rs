//! Pulls every agent's spans and metrics into the colony's store.
//!
//! One [`poller::Poller`] per agent, so that a slow, dead or wiped agent harms no other. [`Polling`]
//! starts and stops them as the registry changes.

pub mod client;
pub mod health;
mod metrics;
pub mod poller;
mod sampling;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use coral_store::{Store, StoreError};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use self::sampling::Sampling;

use self::client::GrpcAgent;
use self::health::Health;
use self::poller::Poller;
use crate::colony::registry::Agent;

/// How agents are polled.
#[derive(Clone, Debug)]
pub struct PollSettings {
    /// Between two polls of an agent that has been caught up with, give or take a fifth.
    pub every: Duration,
    /// How long one page may take to come.
    pub timeout: Duration,
    /// Which traces are kept.
    pub sampling: Sampling,
}

/// Keeps one poller per agent.
pub struct Polling {
    /// The agents.
    pub agents: watch::Receiver<BTreeMap<String, Agent>>,
    /// Where pages go.
    pub store: Store,
    /// How to poll.
    pub settings: PollSettings,
    /// How it goes, by agent.
    pub health: Arc<Health>,
}

/// Pages that are decoded and stored at a time. Waiting for agents takes no place.
const PAGES: usize = 2;

impl Polling {
    /// Polls until `stop`. Pages that came in by then are stored with their checkpoints.
    ///
    /// # Errors
    /// [`StoreError`] when the checkpoints cannot be read: without them everything would be polled again.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        let pages = Arc::new(Semaphore::new(PAGES));
        let mut running: BTreeMap<String, (Agent, CancellationToken)> = BTreeMap::new();
        let mut pollers = JoinSet::new();
        loop {
            let agents = self.agents.borrow_and_update().clone();
            running.retain(|id, (agent, stop_one)| {
                let stays = agents.get(id) == Some(agent);
                if !stays {
                    stop_one.cancel();
                }
                stays
            });
            for (id, agent) in agents {
                if let Entry::Vacant(place) = running.entry(id) {
                    let stop_one = stop.child_token();
                    let poller = self.poller(place.key(), &agent, &pages)?;
                    pollers.spawn(poller.run(stop_one.clone()));
                    place.insert((agent, stop_one));
                }
            }
            tokio::select! {
                () = stop.cancelled() => break,
                changed = self.agents.changed() => if changed.is_err() { stop.cancelled().await; break },
                Some(ended) = pollers.join_next() => if let Err(panic) = ended {
                    tracing::error!(%panic, "a poller panicked; its agent is polled after a restart");
                },
            }
        }
        while pollers.join_next().await.is_some() {}
        Ok(())
    }

    fn poller(
        &self,
        id: &str,
        agent: &Agent,
        pages: &Arc<Semaphore>,
    ) -> Result<Poller<GrpcAgent>, StoreError> {
        let client = GrpcAgent::new(agent.address.clone());
        self.health.know(id, agent);
        Poller::resume(
            id,
            client,
            self.store.clone(),
            self.settings.clone(),
            pages.clone(),
            self.health.clone(),
        )
    }
}
