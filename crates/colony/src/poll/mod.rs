//! Polls every agent's spans and metrics and stores them in the colony's engine.
//!
//! Each agent has one [`follow::Follower`] with one [`poller::Poller`] at a time, so that a slow,
//! dead or wiped agent does not affect the others. [`Polling`] starts a follower for each agent
//! that the registry gains. The follower of a removed agent stops polling until the agent is known
//! again.

pub mod client;
mod error;
mod follow;
pub mod health;
mod metrics;
mod minutes;
mod on_engine;
mod page;
mod page_fetcher;
mod page_form;
pub mod poller;
mod position;
mod requests;
mod sampling;
mod span_counts;
mod span_rate;
pub mod status;
#[cfg(test)]
mod tests;
pub mod timeline;
mod width;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use coral_engine::Engine;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use self::error::{PollError, PollState};
pub(super) use self::position::MAX_STORE_ID_BYTES;
pub use self::sampling::Sampling;

use self::client::{ColonyIdentity, GrpcAgent};
use self::follow::Follower;
use self::health::Health;
use crate::registry::Agent;

/// Settings of polling.
#[derive(Clone, Debug)]
pub struct PollSettings {
    /// Time between two polls of an agent without a backlog, randomised by ±20%.
    pub every: Duration,
    /// How long an agent may take to start an answer, and how long the answer may take to arrive.
    pub timeout: Duration,
    /// Which traces are kept.
    pub sampling: Sampling,
}

/// Runs one follower per agent.
pub struct Polling {
    /// The agents.
    pub agents: watch::Receiver<BTreeMap<String, Agent>>,
    /// The engine that stores pages.
    pub engine: Arc<dyn Engine>,
    /// Polling settings.
    pub settings: PollSettings,
    /// Records how polling goes, by agent.
    pub health: Arc<Health>,
    /// The colony's certificate, which agents with TLS ask for, and which agents it believes.
    pub identity: Option<ColonyIdentity>,
}

/// How many pages are received, decoded and stored at a time, over all agents. A page has up to 8
/// MiB, and several times that when decoded. Agents that have not started to answer do not count.
const MAX_PAGES_IN_MEMORY: usize = 4;

impl Polling {
    /// Polls until `stop` is cancelled. Pages received before that are stored with their
    /// checkpoints.
    pub async fn run(mut self, stop: CancellationToken) {
        let room = Arc::new(Semaphore::new(MAX_PAGES_IN_MEMORY));
        let (mut followed, mut followers) = (BTreeSet::new(), JoinSet::new());
        loop {
            let agents: Vec<String> = self.agents.borrow_and_update().keys().cloned().collect();
            for id in agents {
                if followed.insert(id.clone()) {
                    followers.spawn(self.follower(id, &room).run(stop.clone()));
                }
            }
            tokio::select! {
                () = stop.cancelled() => break,
                changed = self.agents.changed() => if changed.is_err() { stop.cancelled().await; break },
                Some(ended) = followers.join_next() => joined(ended),
            }
        }
        while let Some(ended) = followers.join_next().await {
            joined(ended);
        }
    }

    fn follower(
        &self,
        id: String,
        room: &Arc<Semaphore>,
    ) -> Follower<impl Fn(String) -> GrpcAgent + Send + Sync + 'static> {
        let (identity, agent_id) = (self.identity.clone(), id.clone());
        Follower {
            id,
            agents: self.agents.clone(),
            connect: move |address| GrpcAgent::new(address, &agent_id, identity.clone()),
            engine: self.engine.clone(),
            settings: self.settings.clone(),
            room: room.clone(),
            health: self.health.clone(),
        }
    }
}

/// Propagates a panic of a follower. Followers are not expected to panic, so the colony stops.
fn joined(ended: Result<(), tokio::task::JoinError>) {
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
}
