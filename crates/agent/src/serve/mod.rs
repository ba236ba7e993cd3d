//! The agent's RPC port: answers colonies, and questions about the agent itself.

mod lease;
mod metrics;
mod page;
mod request;
mod rpc;
#[cfg(test)]
mod tests;
mod traces;
mod wait;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::routing::{get, post_service};
use coral_store::Store;
use coral_trace::UnixNanos;
use coral_wire::agent_rpc::proto::agent_service_server::{self, AgentServiceServer};
use coral_wire::agent_rpc::proto::{BeylaTraceSpan, SpanPage, UntracedService};
use http::StatusCode;
use tonic::Status;

pub use self::lease::Leases;
use self::rpc::AgentRpc;
pub use self::wait::Commits;
use crate::colony_link::ColonyLink;
use crate::counters::IntakeCounters;
use crate::status::AgentSelfStatus;
use coral_beyla::monitor::BeylaMonitor;
use coral_beyla::survey::Survey;
use coral_server::admission::{Admission, AdmissionLimits, NotAdmitted};
use coral_server::door::hosts::AllowedHosts;
use coral_server::door::{Door, Method, Permission, Route};
use coral_server::exposition::{self as exposition, Counters};
use coral_server::retain::RetainCounters;
use coral_server::rpc::{ReflectionError, add_health_and_reflection};
use coral_trace::chain;
use coral_trace::sanitize;

/// How old the survey of listening services may be that a page of metrics says.
const SURVEYED_EVERY: Duration = Duration::from_secs(30);
/// The largest number of services that a page of metrics names as not traced.
const MAX_UNTRACED: usize = 64;

/// The data that the agent's RPC port answers from.
pub struct AgentView {
    /// The agent's id.
    pub agent_id: String,
    /// The agent's store.
    pub store: Store,
    /// The commits of spans, for polls that wait.
    pub commits: Commits,
    /// Counters of what was received.
    pub counters: Arc<IntakeCounters>,
    /// Counters of what expired.
    pub retain_counters: Arc<RetainCounters>,
    /// The state of the Beyla that the agent runs.
    pub beyla: Arc<BeylaMonitor>,
    /// The services of this host that listen.
    pub survey: Arc<Survey>,
    /// Limits the number of concurrent queries.
    pub admission: Admission,
    /// Whether a colony knows this agent, and polls it.
    pub colony: Arc<ColonyLink>,
    /// Which colony of a cluster polls this agent.
    pub leases: Leases,
    /// How the port is encrypted, for the status.
    pub encryption: &'static str,
    /// When the agent's process started.
    pub started: UnixNanos,
    /// The fraction of traces that Beyla records; `None` when the agent runs no Beyla.
    pub beyla_sampling_rate: Option<f64>,
}

/// The limits of concurrent queries. Each query may make an answer of 4 MiB. A colony makes few
/// queries at a time, and may have every turn. A query that waits longer than `wait_timeout` is refused, and its caller has
/// to repeat it.
const QUERIES: AdmissionLimits = AdmissionLimits {
    max_running: 4,
    max_running_per_identity: 4,
    max_waiting: 256,
    max_waiting_per_identity: 64,
    wait_timeout: Duration::from_secs(10),
};

/// The text of the error for a request with an unknown path.
const UNKNOWN_PATH_HINT: &str = "an agent serves /api/v1/status, /metrics and /healthz; its colony \
     serves everything else, see /api/v1/openapi.json of the colony";

/// The spans of one answer.
#[derive(Default)]
pub(crate) struct Spans {
    pub(crate) trace_spans: Vec<BeylaTraceSpan>,
    pub(crate) traces: i32,
    pub(crate) page: SpanPage,
}

/// Everything that the agent serves on its RPC port: gRPC with reflection and health, JSON, and
/// metrics.
///
/// # Errors
/// [`ReflectionError`] when the descriptors that were compiled in cannot be read.
pub async fn door(view: Arc<AgentView>, hosts: AllowedHosts) -> Result<Door, ReflectionError> {
    let rpc = AgentServiceServer::new(AgentRpc { view: view.clone() });
    let survey = view.survey.clone();
    let (status, counted, healthy) = (view.clone(), view.clone(), view);
    let status = get(async move || Json(status.status()));
    let metrics = get(async move || exposition::prometheus(&counted.counters()));
    let healthy = get(async move || healthy.health());
    let listening = get(async move || {
        let found = tokio::task::spawn_blocking(move || survey.as_of(Duration::from_secs(1))).await;
        found.map(Json).map_err(|panic| {
            tracing::error!(%panic, "the survey of listening services panicked");
            StatusCode::INTERNAL_SERVER_ERROR
        })
    });
    let polled =
        [("QueryTelemetry", Permission::AgentPoll), ("QueryBeylaMetrics", Permission::AgentPoll)];
    let service = agent_service_server::SERVICE_NAME;
    let door = Door::new(hosts, UNKNOWN_PATH_HINT)
        .route(Route::new(Method::Get, "/api/v1/status", Permission::StatusRead, status))
        .route(Route::new(
            Method::Get,
            "/api/v1/beyla/listening",
            Permission::StatusRead,
            listening,
        ))
        .route(Route::new(Method::Get, "/metrics", Permission::ExpositionRead, metrics))
        .route(Route::new(Method::Get, "/healthz", Permission::HealthRead, healthy))
        .rpc(service, &polled, &post_service(rpc));
    add_health_and_reflection(door, service, coral_wire::FILE_DESCRIPTOR_SET).await
}

/// The limit on concurrent queries of one agent.
pub fn admission() -> Admission {
    Admission::new(QUERIES)
}

/// The status for a query above the limit. A colony polls again later, whatever the code.
fn not_admitted(refused: NotAdmitted) -> Status {
    match refused {
        NotAdmitted::TooManyOfOne { .. } => Status::resource_exhausted(refused.to_string()),
        NotAdmitted::TooMany { .. } | NotAdmitted::TimedOut { .. } => {
            Status::unavailable(refused.to_string())
        }
    }
}

impl AgentView {
    fn counters(&self) -> Counters {
        let mut counters: BTreeMap<_, _> = self.counters.snapshot();
        counters.extend(self.retain_counters.snapshot("agent"));
        counters.extend(self.beyla.counters());
        counters.extend(self.admission.counters("agent"));
        counters.insert("coral.agent.leases.refused".to_owned(), self.leases.refused());
        counters.extend(exposition::store_gauges("agent", &self.store.extent()));
        counters.extend(exposition::metric_gauges("agent", &self.store.metric_extent()));
        counters
    }

    fn status(&self) -> AgentSelfStatus {
        AgentSelfStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            agent_id: self.agent_id.clone(),
            counters: self.counters(),
            beyla: Some(self.beyla.status()),
            encryption: self.encryption.to_owned(),
            colony: Some(self.colony.status()),
        }
    }

    /// The services of this host that listen and that the running Beyla is not told to trace.
    /// Blocks.
    fn untraced(&self) -> Vec<UntracedService> {
        if !self.beyla.is_running() {
            return Vec::new();
        }
        let found = self.survey.as_of(SURVEYED_EVERY);
        let untraced = found.untraced().take(MAX_UNTRACED).map(|service| UntracedService {
            name: service.name.clone(),
            port: service.ports.first().copied().unwrap_or_default().into(),
            program: service.program.clone(),
        });
        untraced.collect()
    }

    /// The body of `/healthz`. An agent is healthy as long as it answers: without Beyla it still
    /// receives the spans of other exporters.
    fn health(&self) -> String {
        format!("ok\nbeyla: {}\n", sanitize::ends(&self.beyla.status().line()))
    }
}

/// A page, as a colony receives it.
#[cfg(test)]
pub(crate) fn page_for_tests(
    store: &Store,
    collector: coral_trace::Collector,
    after: u64,
    encoding: coral_wire::agent_rpc::proto::SpanEncoding,
) -> SpanPage {
    let (wait, columns) = (Duration::ZERO, None);
    let position = request::StreamPosition { after, max_spans: 5, encoding, wait, columns };
    page::answer(store, collector, &position).unwrap_or_else(|status| panic!("{status}")).page
}

/// The gRPC status for an error of the store: `UNAVAILABLE`, which callers may retry, with the
/// cause.
pub(crate) fn unavailable(error: coral_store::StoreError) -> Status {
    let cause = chain(&error);
    tracing::warn!(error = %cause, "could not answer a query");
    Status::unavailable(cause)
}
