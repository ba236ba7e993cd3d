//! Pulls every agent's spans and metrics into the colony's engine.
//!
//! One [`follow::Follower`] per agent with one [`poller::Poller`] at a time, so that a slow, dead or wiped agent
//! harms no other. [`Polling`] starts them as the registry changes.

pub mod client;
mod error;
mod follow;
pub mod health;
mod metrics;
mod page;
mod page_fetcher;
pub mod poller;
mod position;
mod sampling;
mod span_rate;
pub mod status;
#[cfg(test)]
mod tests;
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

use self::client::GrpcAgent;
use self::follow::Follower;
use self::health::Health;
use crate::registry::Agent;

/// How agents are polled.
#[derive(Clone, Debug)]
pub struct PollSettings {
    /// Between two polls of an agent that has been caught up with, give or take a fifth.
    pub every: Duration,
    /// How long an agent may think about a page, and how long that may take to come.
    pub timeout: Duration,
    /// Which traces are kept.
    pub sampling: Sampling,
}

/// Keeps one poller per agent.
pub struct Polling {
    /// The agents.
    pub agents: watch::Receiver<BTreeMap<String, Agent>>,
    /// Where pages go.
    pub engine: Arc<dyn Engine>,
    /// How to poll.
    pub settings: PollSettings,
    /// How it goes, by agent.
    pub health: Arc<Health>,
}

/// Pages that come, are decoded and stored at a time, however many agents there are. One takes up to 8 MiB, and
/// some times that once it is decoded. Waiting for agents takes no place.
const PAGES: usize = 4;

impl Polling {
    /// Polls until `stop`. Pages that came in by then are stored with their checkpoints.
    pub async fn run(mut self, stop: CancellationToken) {
        let room = Arc::new(Semaphore::new(PAGES));
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

    fn follower(&self, id: String, room: &Arc<Semaphore>) -> Follower<fn(String) -> GrpcAgent> {
        Follower {
            id,
            agents: self.agents.clone(),
            connect: GrpcAgent::new,
            engine: self.engine.clone(),
            settings: self.settings.clone(),
            room: room.clone(),
            health: self.health.clone(),
        }
    }
}

/// A follower has nothing that could panic; one that does ends the colony, where it is seen.
fn joined(ended: Result<(), tokio::task::JoinError>) {
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
}
