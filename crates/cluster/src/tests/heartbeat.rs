//! Colonies learn of each other, and of each other's agents, by their beats. Tokio's clock is paused:
//! it goes on when no request to a server runs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use coral_colony::heartbeat::Heartbeat;
use coral_colony::poll::health::Health;
use coral_colony::registry::Registry;
use coral_colony::rendezvous::Shares;
use coral_engine::{COLONY_TIMEOUT, KnownAgent, KnownColony};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::server::{TestServer, config, program};
use crate::{Cluster, ClusterConfig};

/// A colony that only beats.
struct Beating {
    shares: watch::Receiver<Shares>,
    registry: Arc<Registry>,
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Beating {
    async fn start(id: &str, config: &ClusterConfig) -> Self {
        let (config, colony_id) = (config.clone(), id.to_owned());
        let opened = tokio::task::spawn_blocking(move || {
            let engine = Arc::new(Cluster::open(&config).unwrap());
            let registry = Arc::new(Registry::load(&[], engine.clone()).unwrap());
            (engine, registry)
        });
        let (engine, registry) = opened.await.unwrap();
        let (divided, shares) = watch::channel(Shares::NotKnownYet);
        let colony = KnownColony { colony_id, address: None };
        let health = Arc::<Health>::default();
        let registry_of_beat = registry.clone();
        let heartbeat =
            Heartbeat { engine, colony, registry: registry_of_beat, health, shares: divided };
        let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
        tasks.spawn(heartbeat.run(stop.clone()));
        Self { shares, registry, tasks, stop }
    }

    /// Waits until these colonies are at work for this one.
    async fn sees(&mut self, expected: &[&str]) {
        let expected: BTreeSet<String> = expected.iter().map(|&id| id.to_owned()).collect();
        let is_so = |shares: &Shares| matches!(shares, Shares::Among { colonies, .. } if *colonies == expected);
        self.shares.wait_for(is_so).await.unwrap();
    }

    async fn stop(mut self) {
        self.stop.cancel();
        self.tasks.join_next().await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn colonies_see_who_beats_and_leaves_and_agents_that_registered_at_another() {
    let Some(program) = program() else { return };
    let mut server = TestServer::start(&program).unwrap();
    let config = config(&[server.url()], 1);
    let mut east = Beating::start("east", &config).await;
    east.sees(&["east"]).await;
    let mut west = Beating::start("west", &config).await;
    west.sees(&["east", "west"]).await;
    east.sees(&["east", "west"]).await;
    let agent = KnownAgent { agent_id: "web-1".to_owned(), address: "http://a:1".to_owned() };
    let registry = west.registry.clone();
    tokio::task::spawn_blocking(move || registry.register(&agent).unwrap()).await.unwrap();
    east.registry.watch().wait_for(|agents| agents.contains_key("web-1")).await.unwrap();
    west.stop().await;
    east.sees(&["east"]).await;
    // A colony that is cut off from its engine leaves its agents to others, and not at once.
    let begun = tokio::time::Instant::now();
    server.kill().unwrap();
    east.shares.wait_for(|shares| *shares == Shares::CutOff).await.unwrap();
    let passed = begun.elapsed();
    assert!(passed > COLONY_TIMEOUT - Duration::from_secs(6), "{passed:?}");
    server.run(&program).unwrap();
    east.sees(&["east"]).await;
    east.stop().await;
}
