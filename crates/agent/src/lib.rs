//! The agent: receives spans and metrics over OTLP, stores them for a limited time, and serves them
//! to colonies.

pub mod colony_link;
pub mod counters;
pub mod ingest;
pub mod join;
pub mod privacy;
pub mod receive;
pub mod register;
pub mod serve;
pub mod status;
#[cfg(test)]
mod tests;
pub mod trust;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use coral_store::{MetricRetention, SpanRetention, SpanRows, Store, StoreConfig, StoreError};
use coral_trace::Recogniser;
use coral_trace::red::Point;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::colony_link::ColonyLink;
use self::counters::IntakeCounters;
use self::ingest::Ingest;
use self::ingest::inlet::{self, Inlet};
use self::privacy::Privacy;
use self::receive::{Access, Destination, Limits};
use self::register::Register;
use self::serve::{AgentView, Commits};
use self::trust::AgentTrust;
use coral_beyla::Beyla;
use coral_beyla::generate::SelfInfo;
use coral_config::AgentConfig;
use coral_server::clock;
use coral_server::door::hosts::AllowedHosts;
use coral_server::listen::{self, BindError};
use coral_server::retain::{METRICS_SHARE, Retain, RetainCounters};
use coral_server::rpc::ReflectionError;
use coral_server::tasks::{EndedEarly, Tasks};

/// The listening sockets of the agent.
pub struct Listeners {
    /// For OTLP from any exporter.
    pub otlp: receive::Listeners,
    /// For OTLP from Beyla only: all spans received here count as eBPF spans.
    pub beyla: receive::Listeners,
    /// For the agent's RPC, status and metrics.
    pub rpc: TcpListener,
}

/// Why an agent ended without a request to stop.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The agent's store cannot be used.
    #[error("cannot use the agent's store")]
    Store(#[from] StoreError),
    /// A task of the agent ended.
    #[error(transparent)]
    Ended(#[from] EndedEarly),
    /// The file with the key for changing Beyla's settings cannot be written.
    #[error("cannot write `{0}/run/control.key`")]
    Key(String, #[source] std::io::Error),
    /// The RPC descriptors that were compiled in are damaged.
    #[error(transparent)]
    Reflection(#[from] ReflectionError),
}

/// The largest number of exports in each ingest queue (spans, points); `QUEUE_BYTES` limits their
/// bytes together. When a queue is full, exporters are answered "busy".
const QUEUE_EXPORTS: usize = 4_096;
const QUEUE_BYTES: usize = 64 << 20;
/// The limits of a receiver, as described at [`Limits`].
const CONNECTIONS: usize = 1_024;
const STREAMS: u32 = 128;
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
const HEADERS_TIMEOUT: Duration = Duration::from_secs(90);

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

/// Runs the agent until `stop` is cancelled. The agent then ends Beyla, within
/// `config.beyla.stop_within`, and still receives Beyla's last spans. Everything else drains
/// afterwards, within `config.drain_within`.
///
/// A span whose export was acknowledged is in the store when this function returns.
///
/// # Errors
/// [`AgentError`] when the agent cannot start, or when one of its tasks ended by itself.
pub async fn run(
    config: &AgentConfig,
    store: Store,
    listeners: Listeners,
    trust: AgentTrust,
    stop: CancellationToken,
) -> Result<(), AgentError> {
    let counters = Arc::new(IntakeCounters::default());
    let retain_counters = Arc::new(RetainCounters::default());
    let beyla_received = Arc::new(AtomicU64::default());
    let beyla = Beyla::new(config, self_info(&listeners), beyla_received.clone())
        .map_err(|error| AgentError::Key(config.data_dir.display().to_string(), error))?;
    let (span_inlet, span_queue) = inlet::queue(QUEUE_EXPORTS, QUEUE_BYTES);
    let (point_inlet, point_queue) = inlet::queue(QUEUE_EXPORTS, QUEUE_BYTES);
    let colony = Arc::new(ColonyLink::new(config.colony.clone()));
    // Cancelled when Beyla has ended.
    let beyla_ended = CancellationToken::new();
    let (span_commits, committed) = watch::channel(());
    let view = Arc::new(AgentView {
        agent_id: config.id.clone(),
        store: store.clone(),
        commits: Commits { committed, stop: beyla_ended.clone() },
        counters: counters.clone(),
        retain_counters: retain_counters.clone(),
        beyla: beyla.monitor.clone(),
        survey: beyla.survey.clone(),
        admission: serve::admission(),
        colony: colony.clone(),
        leases: serve::Leases::default(),
        encryption: trust.encryption(),
        started: clock::now(),
        beyla_sampling_rate: config.beyla.enabled.then_some(config.beyla.sampling_rate),
    });
    let hosts = AllowedHosts::of_this_host(&config.allowed_hosts, "agent.allowed_hosts");
    let mut door = serve::door(view, hosts).await?.route(beyla.control.clone().route());
    if let Some(guard) = trust.guard(beyla.control.key()) {
        door = door.guarded(guard);
    }
    let store_id = store.id().to_owned();
    let rpc_address = listen::local_address(&listeners.rpc);

    let mut tasks = Tasks::new(beyla_ended.clone());
    let from_anybody = destination(config, &store, span_inlet, point_inlet, counters);
    let from_beyla = Destination {
        inlet: from_anybody.inlet.clone().counting(beyla_received.clone()),
        metrics: from_anybody.metrics.clone().counting(beyla_received),
        recogniser: Arc::new(Recogniser::everything_ebpf()),
        arrivals: Some(beyla.monitor.arrivals.clone()),
        ..from_anybody.clone()
    };
    let limits = limits(config);
    tasks.spawn(
        "otlp receiver",
        receive::run(
            listeners.otlp,
            from_anybody,
            limits.clone(),
            trust.exporters.clone(),
            beyla_ended.clone(),
        ),
    );
    tasks.spawn(
        "beyla receiver",
        receive::run(listeners.beyla, from_beyla, limits, Access::default(), beyla_ended.clone()),
    );
    // Ingest ends when both receivers have ended, because they hold all inlets.
    let (append, committed) = (ingest::append_spans, span_commits);
    let ingest = Ingest { queue: span_queue, store: store.clone(), append, committed };
    tasks.spawn("ingest", ingest.run());
    // No poll waits for metrics.
    let (append, committed) = (ingest::append_points, watch::Sender::new(()));
    let ingest = Ingest { queue: point_queue, store: store.clone(), append, committed };
    tasks.spawn("metric ingest", ingest.run());
    let retain = retention(config, store, retain_counters);
    tasks.spawn("retention", retain.run(beyla_ended.clone()));
    tasks.spawn_fallible(
        "agent rpc",
        listen::serve(listeners.rpc, trust.tls(), door, beyla_ended.clone()),
    );
    if let Some(certificate) = trust.certificate.clone() {
        tasks.spawn("certificate", certificate.run(beyla_ended.clone()));
    }
    if let Some(register) = Register::new(config, rpc_address, &store_id, colony, trust) {
        tasks.spawn("registration", register.run(beyla_ended.clone()));
    }
    let stop = stop.child_token();
    let supervising = async {
        beyla.run(stop.clone()).await;
        beyla_ended.cancel();
    };
    let serving = async {
        let outcome = tasks.run(config.drain_within).await;
        stop.cancel();
        outcome
    };
    let ((), outcome) = tokio::join!(supervising, serving);
    Ok(outcome?)
}

/// The destination of spans and metrics from any exporter.
fn destination(
    config: &AgentConfig,
    store: &Store,
    inlet: Inlet<SpanRows>,
    metrics: Inlet<Vec<Point>>,
    counters: Arc<IntakeCounters>,
) -> Destination {
    let recogniser = Arc::new(Recogniser::with_rules(config.rules.clone()));
    // Without a configured hash key, the key is the store id: only within one agent do equal values
    // have equal hashes.
    let privacy = Arc::new(Privacy::new(config.privacy.clone(), store.id()));
    Destination {
        inlet,
        metrics,
        recogniser,
        privacy,
        series: Arc::default(),
        arrivals: None,
        counters,
    }
}

/// The task that keeps `store` within the limits of `config`.
fn retention(config: &AgentConfig, store: Store, counters: Arc<RetainCounters>) -> Retain {
    let bytes = config.storage.max_size;
    let keep = SpanRetention { age: config.keep_traces, bytes };
    let metrics = MetricRetention::all(config.keep_metrics, bytes / METRICS_SHARE);
    // Colonies poll the metrics by receipt.
    Retain { engine: Arc::new(store), keep, metrics, merge: false, counters }
}

/// What Beyla's configuration needs to know about this agent.
fn self_info(listeners: &Listeners) -> SelfInfo {
    let Listeners { otlp, beyla, rpc } = listeners;
    let sockets = [&otlp.grpc, &otlp.http, &beyla.grpc, &beyla.http, rpc];
    SelfInfo {
        otlp_http: listen::local_address(&beyla.http),
        ports: sockets.map(|socket| listen::local_address(socket).port()).to_vec(),
        pid: std::process::id(),
        programs: Vec::new(),
    }
}

fn limits(config: &AgentConfig) -> Limits {
    let body_bytes = usize::try_from(config.max_body).unwrap_or(usize::MAX / 4);
    Limits {
        body_bytes,
        // A compressed body of the largest size, and 2 MiB of others beside it.
        in_flight_bytes: 2 * body_bytes + body_bytes / 8,
        connections: CONNECTIONS,
        streams: STREAMS,
        body_timeout: BODY_TIMEOUT,
        headers_timeout: HEADERS_TIMEOUT,
    }
}

/// Opens the agent's store. Fails while another process has the store open.
///
/// # Errors
/// [`AgentError::Store`].
pub async fn open_store(config: &AgentConfig) -> Result<Store, AgentError> {
    let (dir, segment_rows) = (config.data_dir.join("agent"), config.storage.segment_rows);
    let open = move || {
        let config = StoreConfig { dir, segment_rows };
        Store::open_within(config, StoreConfig::AGENT_SEGMENT_BYTES)
    };
    Ok(tokio::task::spawn_blocking(open).await.expect("opening a store does not panic")?)
}
