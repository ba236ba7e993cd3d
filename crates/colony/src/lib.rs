//! The colony: pulls spans and metrics from every agent, and keeps them for a week.
//!
//! It knows which agents there are ([`registry`]), how polling them goes ([`poll::health`]) and where agents
//! register ([`serve`]). It knows nothing of questions: what it stores is asked about elsewhere.
#![warn(missing_docs)]

pub mod poll;
pub mod registry;
pub mod serve;

use std::sync::Arc;

use coral_config::ColonyConfig;
use coral_server::door::Door;
use coral_server::exposition::{self, Counters};
use coral_server::listen;
use coral_server::retain::{self, METRICS_SHARE, Retain, RetainCounters};
use coral_server::tasks::{EndedEarly, Tasks};
use coral_store::{Keep, KnownAgent, MetricKeep, Store, StoreError};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::poll::health::Health;
use self::poll::{PollSettings, Polling, Sampling};
use self::registry::Registry;

/// Why a colony ended, when nobody asked it to.
#[derive(Debug, thiserror::Error)]
pub enum ColonyError {
    /// Its store cannot be used.
    #[error("cannot use the colony's store")]
    Store(#[from] StoreError),
    /// A part of it ended.
    #[error(transparent)]
    Ended(#[from] EndedEarly),
    /// The RPC descriptors that were compiled in are damaged.
    #[error("cannot serve gRPC reflection")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// What a colony consists of. Clones are handles to one colony.
#[derive(Clone)]
pub struct Colony {
    /// The spans and metrics of every agent.
    pub store: Store,
    /// Which agents there are.
    pub registry: Arc<Registry>,
    /// How polling each agent goes.
    pub health: Arc<Health>,
    retained: Arc<RetainCounters>,
}

impl Colony {
    /// A colony of `store` that knows the agents of `config` and those that registered before.
    pub fn new(config: &ColonyConfig, store: Store) -> Self {
        let agents = config
            .agents
            .iter()
            .map(|agent| KnownAgent { agent_id: agent.id.clone(), address: agent.address.clone() });
        let agents: Vec<KnownAgent> = agents.collect();
        let registry = Arc::new(Registry::load(&agents, store.clone()));
        Self { store, registry, health: Arc::default(), retained: Arc::default() }
    }

    /// Polls, expires and serves what is behind `door` until `stop`, then drains within `config.drain_within`.
    ///
    /// # Errors
    /// [`ColonyError`] when the store cannot be read or a part of the colony ended by itself.
    pub async fn run(
        self,
        config: &ColonyConfig,
        listener: TcpListener,
        door: Door,
        stop: CancellationToken,
    ) -> Result<(), ColonyError> {
        let Self { store, registry, health, retained } = self;
        let polling = Polling {
            agents: registry.watch(),
            store: store.clone(),
            settings: PollSettings {
                every: config.poll_interval,
                timeout: config.poll_timeout,
                sampling: Sampling::keeping(config.trace_sampling_rate),
            },
            health,
        };
        let mut tasks = Tasks::new(stop.clone());
        tasks.spawn_fallible("polling", polling.run(stop.clone()));
        let bytes = config.storage.max_size;
        let keep = Keep { age: config.keep_traces, bytes };
        let kept = config.keep_metrics;
        let metrics = MetricKeep {
            http: kept.http,
            grpc: kept.grpc,
            sql: kept.sql,
            bytes: bytes / METRICS_SHARE,
        };
        let retain = Retain { store, keep, metrics, counters: retained };
        tasks.spawn("retention", retain.run(stop.clone()));
        tasks.spawn_fallible("colony server", listen::serve(listener, door, stop));
        Ok(tasks.run(config.drain_within).await?)
    }

    /// Counters and gauges of polling, registration, retention and the store.
    pub fn counters(&self) -> Counters {
        let mut counters: Counters = self.health.counters().collect();
        let refused = self.registry.refused();
        counters.insert("coral.colony.registrations.refused".to_owned(), refused);
        let missed =
            self.store.metric_checkpoints().into_iter().map(|checkpoint| checkpoint.rows_missed);
        let missed = missed.fold(0, u64::saturating_add);
        counters.insert("coral.colony.metrics.missed".to_owned(), missed);
        counters.extend(self.retained.snapshot("colony"));
        counters.extend(exposition::store_gauges("colony", &self.store.extent()));
        counters.extend(exposition::metric_gauges("colony", &self.store.metric_extent()));
        counters
    }
}

/// Opens the colony's store. Fails while another process has it.
///
/// # Errors
/// [`ColonyError::Store`].
pub async fn open_store(config: &ColonyConfig) -> Result<Store, ColonyError> {
    let dir = config.data_dir.join("colony");
    Ok(retain::open_store(dir, config.storage.segment_rows).await?)
}
