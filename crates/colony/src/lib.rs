//! The colony: polls spans and metrics from every agent and stores them (7 days of spans by
//! default).
//!
//! [`registry`] lists the agents, [`poll`] drains them and records how polling goes
//! ([`poll::health`]), [`export`] sends stored spans to other receivers, and [`serve`] is where agents
//! register. If several colonies share an engine, each has a [`heartbeat`], and [`rendezvous`] divides
//! the agents among them. Questions about the stored data are not answered in this crate.
#![warn(missing_docs)]

pub mod export;
pub mod heartbeat;
pub mod member;
pub mod poll;
pub mod registry;
pub mod rendezvous;
pub mod serve;
pub mod trust;

use std::sync::Arc;

use coral_config::ColonyConfig;
use coral_engine::{Engine, EngineError, KnownAgent, KnownColony, MetricRetention, SpanRetention};
use coral_server::clock;
use coral_server::door::Door;
use coral_server::exposition::{self, Counters};
use coral_server::listen;
use coral_server::retain::{METRICS_SHARE, Retain, RetainCounters};
use coral_server::rpc::ReflectionError;
use coral_server::tasks::{EndedEarly, Tasks};
use coral_trace::chain;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::export::Exports;
use self::heartbeat::Heartbeat;
use self::member::{ClusterMember, MemberError};
use self::poll::health::Health;
use self::poll::timeline::Timeline;
use self::poll::{LeaseTerms, PollSettings, Polling, Sampling};
use self::registry::{ForgetError, Registry};
use self::rendezvous::Shares;
use self::trust::ColonyTrust;

/// Why a colony ended without a request to stop.
#[derive(Debug, thiserror::Error)]
pub enum ColonyError {
    /// The stored list of agents cannot be read.
    #[error("cannot use the colony's storage engine")]
    Engine(#[from] EngineError),
    /// The colony does not know who it is among the colonies of its cluster.
    #[error("cannot join the other colonies of the storage engine")]
    Member(#[from] MemberError),
    /// A task of the colony ended.
    #[error(transparent)]
    Ended(#[from] EndedEarly),
    /// The RPC descriptors that were compiled in are damaged.
    #[error(transparent)]
    Reflection(#[from] ReflectionError),
}

/// The parts of a colony. Clones are handles to the same colony.
#[derive(Clone)]
pub struct Colony {
    /// The spans and metrics of every agent.
    pub engine: Arc<dyn Engine>,
    /// All known agents.
    pub registry: Arc<Registry>,
    /// The polling status of each agent.
    pub health: Arc<Health>,
    /// Certificates and tokens.
    pub trust: ColonyTrust,
    /// Where stored spans are exported to.
    pub exports: Exports,
    /// Who this colony is, if other colonies may share the engine.
    pub member: Option<ClusterMember>,
    retained: Arc<RetainCounters>,
}

impl Colony {
    /// A colony that stores into `engine`. Its agents are those of `config` and those that
    /// registered before. If other colonies may share the engine, the colony gets an id, which is
    /// kept in the data directory. Blocks.
    ///
    /// # Errors
    /// [`ColonyError::Engine`]: the stored agents cannot be read. [`ColonyError::Member`].
    pub fn new(
        config: &ColonyConfig,
        engine: Arc<dyn Engine>,
        trust: ColonyTrust,
    ) -> Result<Self, ColonyError> {
        let agents = config
            .agents
            .iter()
            .map(|agent| KnownAgent { agent_id: agent.id.clone(), address: agent.address.clone() });
        let agents: Vec<KnownAgent> = agents.collect();
        let registry = Arc::new(Registry::load(&agents, engine.clone())?);
        let member = ClusterMember::load(&*engine, &config.data_dir)?;
        // A status names every agent from the start, also before it is polled.
        let health = Arc::new(Health::default());
        registry.watch().borrow().iter().for_each(|(id, agent)| health.know(id, agent));
        let (exports, retained) = (Exports::default(), Arc::default());
        Ok(Self { engine, registry, health, trust, exports, member, retained })
    }

    /// The same colony, which exports to `exports`.
    #[must_use]
    pub fn exporting(self, exports: Exports) -> Self {
        Self { exports, ..self }
    }

    /// Polls agents, removes expired data and serves `door` on `listener` until `stop` is
    /// cancelled. Then drains for at most `config.drain_within`.
    ///
    /// # Errors
    /// [`ColonyError::Ended`]: a task of the colony ended without being stopped.
    pub async fn run(
        self,
        config: &ColonyConfig,
        listener: TcpListener,
        door: Door,
        stop: CancellationToken,
    ) -> Result<(), ColonyError> {
        let colony = self.clone();
        let Self { engine, registry, health, trust, exports, member, retained } = self;
        let shares = match &member {
            None => Shares::Alone,
            Some(_) => Shares::NotKnownYet,
        };
        let (divided, shares) = watch::channel(shares);
        let polling = Polling {
            agents: registry.watch(),
            shares,
            engine: engine.clone(),
            settings: PollSettings {
                every: config.poll_interval,
                timeout: config.poll_timeout,
                sampling: Sampling::keeping(config.trace_sampling_rate),
                lease: member.clone().map(|member| {
                    LeaseTerms::new(member, config.poll_interval, config.poll_timeout)
                }),
            },
            health: health.clone(),
            identity: trust.identity(),
        };
        let heartbeat = member.map(|ClusterMember { colony_id, .. }| Heartbeat {
            engine: engine.clone(),
            colony: KnownColony { colony_id, address: config.url.clone() },
            registry,
            health: health.clone(),
            shares: divided,
        });
        let timeline = Timeline { engine: engine.clone(), health };
        let mut tasks = Tasks::new(stop.clone());
        if let Some(heartbeat) = heartbeat {
            tasks.spawn("heartbeat", heartbeat.run(stop.clone()));
        }
        tasks.spawn("coverage timeline", timeline.run(stop.clone()));
        tasks.spawn("polling", polling.run(stop.clone()));
        for exporter in exports.exporters(&engine) {
            tasks.spawn("export", exporter.run(stop.clone()));
        }
        let tls = trust.certificate.as_ref().map(|certificate| certificate.tls.clone());
        if let Some(certificate) = trust.certificate.clone() {
            tasks.spawn("certificate", certificate.run(stop.clone()));
        }
        tasks.spawn("trust", trust.run(colony, stop.clone()));
        let bytes = config.storage.max_size;
        let keep = SpanRetention { age: config.keep_traces, bytes };
        let kept = config.keep_metrics;
        let metrics = MetricRetention {
            http: kept.http,
            grpc: kept.grpc,
            sql: kept.sql,
            bytes: bytes / METRICS_SHARE,
        };
        let retain = Retain { engine, keep, metrics, merge: true, counters: retained };
        tasks.spawn("retention", retain.run(stop.clone()));
        tasks.spawn_fallible("colony server", listen::serve(listener, tls, door, stop));
        Ok(tasks.run(config.drain_within).await?)
    }

    /// Removes an agent that does not answer from the list of agents. Its stored data stays.
    /// Blocks.
    ///
    /// # Errors
    /// [`ForgetError`]: the agent cannot be removed, and nothing changed.
    pub fn forget(&self, agent_id: &str) -> Result<(), ForgetError> {
        if self.health.answers(agent_id) {
            return Err(ForgetError::Answers(agent_id.to_owned()));
        }
        self.registry.forget(agent_id)?;
        self.health.forget(agent_id);
        Ok(())
    }

    /// Removes an agent whose certificates were revoked, so that it is not polled any more, even if
    /// it is configured. Its stored data stays. Blocks.
    fn shut_out(&self, agent_id: &str) {
        match self.registry.shut_out(agent_id) {
            Ok(true) => {
                self.health.forget(agent_id);
                tracing::warn!(agent_id, "agent revoked: it is not polled any more");
            }
            Ok(false) => {}
            Err(error) => {
                tracing::error!(agent_id, error = %chain(&error), "a revoked agent stays listed")
            }
        }
    }

    /// Counters and gauges of polling, registration and retention.
    pub fn counters(&self) -> Counters {
        let mut counters: Counters = self.health.counters().collect();
        let refused = self.registry.refused();
        counters.insert("coral.colony.registrations.refused".to_owned(), refused);
        counters.extend(self.retained.snapshot("colony"));
        counters
    }

    /// Counters and gauges of stored data. Leaves out values that the engine cannot return now. Blocks.
    pub fn engine_counters(&self) -> Counters {
        let mut counters = Counters::new();
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
        let extent = self.engine.extent()?;
        counters.extend(exposition::store_gauges("colony", &extent));
        counters.extend(self.exports.counters(clock::now(), extent.last_receipt));
        counters.extend(exposition::metric_gauges("colony", &self.engine.metric_extent()?));
        Ok(())
    }
}
