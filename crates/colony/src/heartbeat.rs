//! The beat of a colony of a cluster: it says that it is at work, and learns which colonies and which
//! agents there are.

use std::sync::Arc;
use std::time::Duration;

use coral_engine::{COLONY_TIMEOUT, Engine, EngineError, KnownColony};
use coral_trace::chain;
use tokio::sync::watch;
use tokio::task::JoinError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::poll::health::Health;
use crate::registry::Registry;
use crate::rendezvous::Shares;

/// The time between two beats.
const BEAT_INTERVAL: Duration = Duration::from_secs(5);
/// How long a colony that stops tries to say so.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);

/// The task that beats.
pub struct Heartbeat {
    /// The engine that the colonies share.
    pub engine: Arc<dyn Engine>,
    /// This colony.
    pub colony: KnownColony,
    /// All agents, of which others register at other colonies.
    pub registry: Arc<Registry>,
    /// How polling goes, by agent.
    pub health: Arc<Health>,
    /// Told how the agents are divided.
    pub shares: watch::Sender<Shares>,
}

/// Why a beat failed.
#[derive(Debug, thiserror::Error)]
enum BeatError {
    #[error("the storage engine failed")]
    Engine(#[from] EngineError),
    #[error("the storage engine panicked")]
    Panic(#[from] JoinError),
}

impl Heartbeat {
    /// Beats until `stop` is cancelled, then leaves.
    ///
    /// A colony whose beats fail for [`COLONY_TIMEOUT`] is not at work for the others, and gives its
    /// agents up: it could not store their spans anyway.
    pub async fn run(self, stop: CancellationToken) {
        let mut beaten = Instant::now();
        loop {
            let begun = Instant::now();
            let late = tokio::time::sleep_until(beaten + COLONY_TIMEOUT);
            let beat = self.beat();
            tokio::pin!(beat);
            let outcome = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                outcome = &mut beat => outcome,
                () = late => {
                    self.give_up();
                    // One beat at a time, however long it takes.
                    let Some(outcome) = stop.run_until_cancelled(&mut beat).await else { break };
                    outcome
                }
            };
            match outcome {
                Ok(shares) => {
                    beaten = begun;
                    self.divide(shares);
                }
                Err(error) => {
                    let error = chain(&error);
                    tracing::warn!(
                        error,
                        "could not tell other colonies that this one is at work; will try again"
                    );
                    if beaten.elapsed() >= COLONY_TIMEOUT {
                        self.give_up();
                    }
                }
            }
            if stop.run_until_cancelled(tokio::time::sleep(BEAT_INTERVAL)).await.is_none() {
                break;
            }
        }
        self.leave().await;
    }

    /// Reads agents and colonies, then beats. A colony that cannot read them does not beat: others
    /// would leave agents to it that it does not poll.
    async fn beat(&self) -> Result<Shares, BeatError> {
        let (engine, colony) = (self.engine.clone(), self.colony.clone());
        let (registry, health) = (self.registry.clone(), self.health.clone());
        let beat = tokio::task::spawn_blocking(move || {
            for forgotten in registry.refresh()? {
                health.forget(&forgotten);
            }
            let colonies = engine.colonies()?.unwrap_or_default();
            engine.beat(&colony)?;
            let own = colony.colony_id;
            let others = colonies.into_iter().map(|colony| colony.colony_id);
            let colonies = others.chain([own.clone()]).collect();
            Ok(Shares::Among { own, colonies })
        });
        beat.await?
    }

    /// Tells pollers how the agents are divided, also if nothing changed: they then record again who
    /// polls the others.
    fn divide(&self, shares: Shares) {
        let before = self.shares.send_replace(shares.clone());
        if let Shares::Among { own, colonies } = shares
            && before != *self.shares.borrow()
        {
            let others: Vec<&str> =
                colonies.iter().map(String::as_str).filter(|id| *id != own).collect();
            let others = others.join(" ");
            tracing::info!(
                colony_id = own,
                others,
                "agents are divided among the colonies at work"
            );
        }
    }

    fn give_up(&self) {
        let is_news = self.shares.send_if_modified(|shares| {
            let is_news = *shares != Shares::CutOff;
            *shares = Shares::CutOff;
            is_news
        });
        if is_news {
            tracing::error!(
                "this colony cannot reach its storage engine, and leaves its agents to other colonies"
            );
        }
    }

    async fn leave(&self) {
        let (engine, id) = (self.engine.clone(), self.colony.colony_id.clone());
        let leaving = tokio::task::spawn_blocking(move || engine.leave(&id));
        match tokio::time::timeout(LEAVE_TIMEOUT, leaving).await {
            Ok(Ok(Ok(()))) => {}
            _ => tracing::warn!(
                "could not tell other colonies that this one stops; they notice later"
            ),
        }
    }
}
