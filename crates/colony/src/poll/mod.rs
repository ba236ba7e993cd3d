//! Polls every agent's spans and metrics and stores them in the colony's engine.
//!
//! Each agent has one [`follow::Follower`] with one [`poller::Poller`] at a time, so that a slow,
//! dead or wiped agent does not affect the others. [`Polling`] starts a follower for each agent
//! that this colony polls. The follower of an agent that is removed, or that another colony of the
//! cluster polls from now on, stops polling until this colony polls the agent again.

pub mod client;
mod error;
mod follow;
pub mod health;
mod lease;
mod metrics;
mod minutes;
mod on_engine;
mod pace;
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
pub use self::lease::LeaseTerms;
pub(super) use self::position::MAX_STORE_ID_BYTES;
pub use self::sampling::Sampling;

use self::client::{ColonyIdentity, GrpcAgent};
use self::follow::Follower;
use self::health::Health;
use crate::registry::Agent;
use crate::rendezvous::{Share, Shares};

/// Settings of polling.
#[derive(Clone, Debug)]
pub struct PollSettings {
    /// Time between two polls of an agent without a backlog, randomised by ±20%.
    pub every: Duration,
    /// How long an agent may take to start an answer, and how long the answer may take to arrive.
    pub timeout: Duration,
    /// Which traces are kept.
    pub sampling: Sampling,
    /// The lease that agents are asked for; `None` for a colony that is not in a cluster.
    pub lease: Option<LeaseTerms>,
}

/// Runs one follower per agent.
pub struct Polling {
    /// The agents.
    pub agents: watch::Receiver<BTreeMap<String, Agent>>,
    /// Which of them this colony polls.
    pub shares: watch::Receiver<Shares>,
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
        let own = watch::Sender::new(BTreeMap::new());
        loop {
            let agents = self.own_agents();
            for id in agents.keys() {
                if followed.insert(id.clone()) {
                    let follower = self.follower(id.clone(), own.subscribe(), &room);
                    followers.spawn(follower.run(stop.clone()));
                }
            }
            own.send_replace(agents);
            tokio::select! {
                () = stop.cancelled() => break,
                () = changed(&mut self.agents) => {}
                () = changed(&mut self.shares) => {}
                Some(ended) = followers.join_next() => joined(ended),
            }
        }
        while let Some(ended) = followers.join_next().await {
            joined(ended);
        }
    }

    /// The agents that this colony polls. Records who polls the others.
    fn own_agents(&mut self) -> BTreeMap<String, Agent> {
        let shares = self.shares.borrow_and_update().clone();
        let mut agents = self.agents.borrow_and_update().clone();
        agents.retain(|id, agent| {
            let share = shares.of(id);
            match share {
                Share::Own => return true,
                Share::Of(colony) => {
                    self.health.know(id, agent);
                    self.health.polled_by(id, colony);
                }
                Share::NobodysYet => self.health.know(id, agent),
                Share::GivenUp => {
                    self.health.know(id, agent);
                    self.health.failed(id, &PollError::CutOff);
                }
            }
            false
        });
        agents
    }

    fn follower(
        &self,
        id: String,
        agents: watch::Receiver<BTreeMap<String, Agent>>,
        room: &Arc<Semaphore>,
    ) -> Follower<impl Fn(String) -> GrpcAgent + Send + Sync + 'static> {
        let (identity, agent_id) = (self.identity.clone(), id.clone());
        let lease = self.settings.lease.clone();
        Follower {
            id,
            agents,
            connect: move |address| {
                GrpcAgent::new(address, &agent_id, identity.clone(), lease.clone())
            },
            engine: self.engine.clone(),
            settings: self.settings.clone(),
            room: room.clone(),
            health: self.health.clone(),
        }
    }
}

/// Waits for a change. Without a sender, there is none any more.
async fn changed<T>(watched: &mut watch::Receiver<T>) {
    if watched.changed().await.is_err() {
        std::future::pending().await
    }
}

/// Propagates a panic of a follower. Followers are not expected to panic, so the colony stops.
fn joined(ended: Result<(), tokio::task::JoinError>) {
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
}
