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
use coral_engine::{Engine, EngineError, KnownAgent, MetricRetention, SpanRetention};
use coral_server::door::Door;
use coral_server::exposition::{self, Counters};
use coral_server::listen;
use coral_server::retain::{METRICS_SHARE, Retain, RetainCounters};
use coral_server::rpc::ReflectionError;
use coral_server::tasks::{EndedEarly, Tasks};
use coral_trace::chain;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::poll::health::Health;
use self::poll::{PollSettings, Polling, Sampling};
use self::registry::{ForgetError, Registry};

/// Why a colony ended, when nobody asked it to.
#[derive(Debug, thiserror::Error)]
pub enum ColonyError {
    /// What it stored before cannot be read.
    #[error("cannot use the colony's storage engine")]
    Engine(#[from] EngineError),
    /// A part of it ended.
    #[error(transparent)]
    Ended(#[from] EndedEarly),
    /// The RPC descriptors that were compiled in are damaged.
    #[error(transparent)]
    Reflection(#[from] ReflectionError),
}

/// What a colony consists of. Clones are handles to one colony.
#[derive(Clone)]
pub struct Colony {
    /// The spans and metrics of every agent.
    pub engine: Arc<dyn Engine>,
    /// Which agents there are.
    pub registry: Arc<Registry>,
    /// How polling each agent goes.
    pub health: Arc<Health>,
    retained: Arc<RetainCounters>,
}

impl Colony {
    /// A colony whose data is in `engine`, and that knows the agents of `config` and those that registered before.
    /// Blocks.
    ///
    /// # Errors
    /// [`ColonyError::Engine`].
    pub fn new(config: &ColonyConfig, engine: Arc<dyn Engine>) -> Result<Self, ColonyError> {
        let agents = config
            .agents
            .iter()
            .map(|agent| KnownAgent { agent_id: agent.id.clone(), address: agent.address.clone() });
        let agents: Vec<KnownAgent> = agents.collect();
        let registry = Arc::new(Registry::load(&agents, engine.clone())?);
        Ok(Self { engine, registry, health: Arc::default(), retained: Arc::default() })
    }

    /// Polls, expires and serves what is behind `door` until `stop`, then drains within `config.drain_within`.
    ///
    /// # Errors
    /// [`ColonyError::Ended`] when a part of the colony ended by itself.
    pub async fn run(
        self,
        config: &ColonyConfig,
        listener: TcpListener,
        door: Door,
        stop: CancellationToken,
    ) -> Result<(), ColonyError> {
        let Self { engine, registry, health, retained } = self;
        let polling = Polling {
            agents: registry.watch(),
            engine: engine.clone(),
            settings: PollSettings {
                every: config.poll_interval,
                timeout: config.poll_timeout,
                sampling: Sampling::keeping(config.trace_sampling_rate),
            },
            health,
        };
        let mut tasks = Tasks::new(stop.clone());
        tasks.spawn("polling", polling.run(stop.clone()));
        let bytes = config.storage.max_size;
        let keep = SpanRetention { age: config.keep_traces, bytes };
        let kept = config.keep_metrics;
        let metrics = MetricRetention {
            http: kept.http,
            grpc: kept.grpc,
            sql: kept.sql,
            bytes: bytes / METRICS_SHARE,
        };
        let retain = Retain { engine, keep, metrics, counters: retained };
        tasks.spawn("retention", retain.run(stop.clone()));
        tasks.spawn_fallible("colony server", listen::serve(listener, door, stop));
        Ok(tasks.run(config.drain_within).await?)
    }

    /// Forgets an agent that does not answer. What is stored of it stays. Blocks.
    ///
    /// # Errors
    /// [`ForgetError`]: nothing changed.
    pub fn forget(&self, agent_id: &str) -> Result<(), ForgetError> {
        if self.health.answers(agent_id) {
            return Err(ForgetError::Answers(agent_id.to_owned()));
        }
        self.registry.forget(agent_id)?;
        self.health.forget(agent_id);
        Ok(())
    }

    /// Counters and gauges of polling, registration, retention and stored data. What the engine cannot say at the
    /// moment is left out. Blocks.
    pub fn counters(&self) -> Counters {
        let mut counters: Counters = self.health.counters().collect();
        let refused = self.registry.refused();
        counters.insert("coral.colony.registrations.refused".to_owned(), refused);
        counters.extend(self.retained.snapshot("colony"));
        if let Err(error) = self.add_engine_counters(&mut counters) {
            tracing::warn!(error = %chain(&error), "counters of stored data are left out");
        }
        counters
    }

    fn add_engine_counters(&self, counters: &mut Counters) -> Result<(), EngineError> {
        let checkpoints = self.engine.metric_checkpoints()?;
        let missed = checkpoints.iter().map(|checkpoint| checkpoint.rows_missed);
        let missed = missed.fold(0, u64::saturating_add);
        counters.insert("coral.colony.metrics.missed".to_owned(), missed);
        counters.extend(exposition::store_gauges("colony", &self.engine.extent()?));
        counters.extend(exposition::metric_gauges("colony", &self.engine.metric_extent()?));
        Ok(())
    }
}
