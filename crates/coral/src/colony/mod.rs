//! The colony: pulls from every agent, keeps for a week, answers.

pub mod poll;
pub mod registry;
pub mod serve;

use std::sync::Arc;

use coral_store::{Keep, MetricKeep, Store, StoreError};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::poll::health::Health;
use self::poll::{PollSettings, Polling, Sampling};
use self::registry::Registry;
use self::serve::ColonyView;
use crate::config::ColonyConfig;
use crate::listen;
use crate::query::Sources;
use crate::retain::{self, METRICS_SHARE, Retain, RetainCounters};
use crate::sql::runner::SqlRunner;
use crate::tasks::{EndedEarly, Tasks};

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

/// Runs the colony until `stop`, then drains within `config.drain_within`.
///
/// # Errors
/// [`ColonyError`] when the store cannot be read or a part of the colony ended by itself.
pub async fn run(
    config: &ColonyConfig,
    store: Store,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<(), ColonyError> {
    let health = Arc::new(Health::default());
    let retained = Arc::new(RetainCounters::default());
    let registry = Arc::new(Registry::load(&config.agents, store.clone()));
    let polling = Polling {
        agents: registry.watch(),
        store: store.clone(),
        settings: PollSettings {
            every: config.poll_interval,
            timeout: config.poll_timeout,
            sampling: Sampling::keeping(config.trace_sampling_rate),
        },
        health: health.clone(),
    };
    let sources = Sources { store: store.clone() };
    let sql = SqlRunner::new(store.clone(), config.data_dir.clone(), &config.sql);
    let view = Arc::new(ColonyView { sources, health, retained: retained.clone(), sql, registry });
    let router = serve::router(view).await?;

    let mut tasks = Tasks::new(stop.clone());
    tasks.spawn_fallible("polling", polling.run(stop.clone()));
    let bytes = config.storage.max_size;
    let keep = Keep { age: config.keep_traces, bytes };
    let metrics = MetricKeep { bytes: bytes / METRICS_SHARE, ..config.keep_metrics };
    let retain = Retain { store, keep, metrics, counters: retained };
    tasks.spawn("retention", retain.run(stop.clone()));
    tasks.spawn_fallible("colony server", listen::serve(listener, router, stop));
    Ok(tasks.run(config.drain_within).await?)
}

/// Opens the colony's store. Fails while another process has it.
///
/// # Errors
/// [`ColonyError::Store`].
pub async fn open_store(config: &ColonyConfig) -> Result<Store, ColonyError> {
    Ok(retain::open_store(config.data_dir.join("colony"), config.storage).await?)
}
