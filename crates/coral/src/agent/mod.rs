//! The agent: receives spans, keeps them for a while, answers colonies.

pub mod counters;
pub mod ingest;
pub mod receive;
pub mod register;
pub mod serve;

use std::sync::Arc;
use std::time::Duration;

use coral_store::{Keep, Store, StoreError};
use coral_trace::Recogniser;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::counters::SpanCounters;
use self::ingest::Ingest;
use self::ingest::inlet::{self, Inlet};
use self::receive::{Destination, Limits};
use self::register::Register;
use self::serve::AgentView;
use crate::config::AgentConfig;
use crate::listen::{self, BindError};
use crate::retain::{self, Retain, RetainCounters};
use crate::tasks::{EndedEarly, Tasks};

/// The agent's bound sockets.
pub struct Listeners {
    /// OTLP of anybody.
    pub otlp: receive::Listeners,
    /// OTLP of Beyla alone: everything that comes here is eBPF's.
    pub beyla: receive::Listeners,
    /// The agent's RPC, status and metrics.
    pub rpc: TcpListener,
}

/// Why an agent ended, when nobody asked it to.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Its store cannot be used.
    #[error("cannot use the agent's store")]
    Store(#[from] StoreError),
    /// A part of it ended.
    #[error(transparent)]
    Ended(#[from] EndedEarly),
    /// The RPC descriptors that were compiled in are damaged.
    #[error("cannot serve gRPC reflection")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// Exports that may wait for their commit, and their bytes together. A full queue is answered "busy".
const QUEUE_EXPORTS: usize = 4_096;
const QUEUE_BYTES: usize = 64 << 20;
/// See [`Limits`].
const CONNECTIONS: usize = 1_024;
const STREAMS: u32 = 128;
const BODY_WITHIN: Duration = Duration::from_secs(30);
const HEADERS_WITHIN: Duration = Duration::from_secs(90);

impl Listeners {
    /// Binds every socket of `config`.
    ///
    /// # Errors
    /// [`BindError`] names the key whose address cannot be bound.
    pub async fn bind(config: &AgentConfig) -> Result<Self, BindError> {
        Ok(Self {
            otlp: receive::Listeners {
                grpc: listen::bind(config.otlp_grpc, "otlp.grpc").await?,
                http: listen::bind(config.otlp_http, "otlp.http").await?,
            },
            beyla: receive::Listeners {
                grpc: listen::bind(config.beyla_grpc, "beyla.otlp.grpc").await?,
                http: listen::bind(config.beyla_http, "beyla.otlp.http").await?,
            },
            rpc: listen::bind(config.listen, "agent.listen").await?,
        })
    }
}

/// Runs the agent until `stop`, then drains within `config.drain_within`.
///
/// A span whose export was answered with success is in the store when this returns.
///
/// # Errors
/// [`AgentError`] when a part of the agent ended by itself.
pub async fn run(
    config: &AgentConfig,
    store: Store,
    listeners: Listeners,
    stop: CancellationToken,
) -> Result<(), AgentError> {
    let counters = Arc::new(SpanCounters::default());
    let retained = Arc::new(RetainCounters::default());
    let (inlet, queue) = inlet::queue(QUEUE_EXPORTS, QUEUE_BYTES);
    let view = Arc::new(AgentView {
        agent_id: config.id.clone(),
        store: store.clone(),
        counters: counters.clone(),
        retained: retained.clone(),
    });
    let router = serve::router(view).await?;
    let store_id = store.id().to_owned();
    let rpc_address = listen::local_address(&listeners.rpc);

    let mut tasks = Tasks::new(stop.clone());
    let recogniser = Recogniser::with_rules(config.rules.clone());
    let from_anybody = destination(inlet.clone(), recogniser, &counters);
    let from_beyla = destination(inlet, Recogniser::everything_ebpf(), &counters);
    let limits = limits(config);
    let (anybody, beyla) = (stop.clone(), stop.clone());
    tasks.spawn(
        "otlp receiver",
        receive::run(listeners.otlp, from_anybody, limits.clone(), anybody),
    );
    tasks.spawn("beyla receiver", receive::run(listeners.beyla, from_beyla, limits, beyla));
    // Ends when both receivers have: they hold the only inlets.
    tasks.spawn("ingest", Ingest { queue, store: store.clone() }.run());
    let keep = Keep { age: config.keep_traces, bytes: config.storage.max_size };
    tasks.spawn("retention", Retain { store, keep, counters: retained }.run(stop.clone()));
    tasks.spawn_fallible("agent rpc", listen::serve(listeners.rpc, router, stop.clone()));
    if let Some(register) = Register::new(config, rpc_address, &store_id) {
        tasks.spawn("registration", register.run(stop));
    }
    Ok(tasks.run(config.drain_within).await?)
}

fn destination(inlet: Inlet, recogniser: Recogniser, counters: &Arc<SpanCounters>) -> Destination {
    Destination { inlet, recogniser: Arc::new(recogniser), counters: counters.clone() }
}

fn limits(config: &AgentConfig) -> Limits {
    let body_bytes = usize::try_from(config.max_body).unwrap_or(usize::MAX / 4);
    Limits {
        body_bytes,
        in_flight_bytes: 4 * body_bytes,
        connections: CONNECTIONS,
        streams: STREAMS,
        body_within: BODY_WITHIN,
        headers_within: HEADERS_WITHIN,
    }
}

/// Opens the agent's store. Fails while another process has it.
///
/// # Errors
/// [`AgentError::Store`].
pub async fn open_store(config: &AgentConfig) -> Result<Store, AgentError> {
    Ok(retain::open_store(config.data_dir.join("agent"), config.storage).await?)
}
