//! The routes and RPCs of a colony: gRPC for agents, JSON for questions, metrics and health.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get};
use coral_api::answering::Answering;
use coral_api::{export, jaeger, json, mcp, prometheus, tempo, ui, whoami, zipkin};
use coral_colony::Colony;
use coral_colony::export::health::ExportStatus as TargetStatus;
use coral_colony::poll::status::AgentStatus as PolledAgent;
use coral_colony::registry::ForgetError;
use coral_config::ColonyConfig;
use coral_engine::{Extent, Signal};
use coral_query::FleetState;
use coral_query::SharedSources;
use coral_query::answer::{
    AgentStatus, ColonyStatus, ExportStatus, ShardStatus, StoreStatus, UntracedService,
};
use coral_server::admission::{Admission, AdmissionLimits};
use coral_server::audit::AuditLog;
use coral_server::clock;
use coral_server::door::hosts::AllowedHosts;
use coral_server::door::{Door, Method, Permission, Route};
use coral_server::exposition::{self, Counters, Format};
use coral_server::identity::Caller;
use coral_server::refusal::refusal;
use coral_server::rpc::ReflectionError;
use coral_sql::runner::SqlRunner;
use coral_trace::sanitize::line;
use coral_trace::{UnixNanos, chain};
use http::{Extensions, HeaderMap, StatusCode};

use super::span_series::SpanSeries;
use super::{agent_series, export_series};

/// Hint of the error for an unknown path.
const UNKNOWN_PATH_HINT: &str = "GET /api/v1/openapi.json says what a colony answers";

/// The route that removes an agent from the registry.
const FORGET_PATH: &str = "/api/v1/agents/{agent_id}";

/// How many questions run and wait. Four at a time keep a small host responsive. One address or
/// token has two of these turns at most, which is what the web page asks at once. Questions of a
/// dashboard with many panels wait for some seconds and are not refused.
const QUESTIONS: AdmissionLimits = AdmissionLimits {
    max_running: 4,
    max_running_per_identity: 2,
    max_waiting: 256,
    max_waiting_per_identity: 64,
    wait_timeout: Duration::from_secs(30),
};

/// The door with every route and RPC of `colony`. `sql` runs SQL statements on its data.
///
/// # Errors
/// [`ReflectionError`] when the RPC descriptors that were compiled in cannot be read.
pub async fn door(
    colony: &Colony,
    sql: SqlRunner,
    config: &ColonyConfig,
    audit: AuditLog,
) -> Result<Door, ReflectionError> {
    let admission = Admission::new(QUESTIONS);
    let spans = config.span_metrics.then(|| SpanSeries::new(clock::now()));
    let about = Arc::new(About {
        colony: colony.clone(),
        sql: sql.clone(),
        admission: admission.clone(),
        audit,
        max_bytes: config.storage.max_size,
        keep: config.keep_traces,
    });
    let engine = colony.engine.clone();
    let sources = SharedSources { traces: engine.clone(), metrics: engine, fleet: about.clone() };
    let answering = Answering { sources: sources.clone(), admission };
    let spans = Arc::new(spans);
    let metrics = get(async move |headers: HeaderMap, extensions: Extensions| {
        // Who may see some services only does not learn the names of others.
        let sees_all =
            extensions.get::<Caller>().is_some_and(|caller| caller.services().is_empty());
        let count = move || {
            // Without series that have exemplars, both formats say the same.
            let format = match (*spans).as_ref() {
                Some(_) => Format::accepted(&headers),
                None => Format::Text,
            };
            let spans = (*spans).as_ref().filter(|_| sees_all);
            let spans = spans.map(|spans| spans.exposition(&sources.at(clock::now()), format));
            format.response(about.exposition(clock::now()) + &spans.unwrap_or_default())
        };
        tokio::task::spawn_blocking(count).await.expect("counting does not panic")
    });
    let forgetful = colony.clone();
    let forget = delete(async move |id: Result<Path<String>, PathRejection>| match id {
        Ok(Path(agent_id)) => {
            let forget = move || forgetful.forget(&agent_id);
            forgotten(tokio::task::spawn_blocking(forget).await.expect("forgetting does not panic"))
        }
        Err(error) => refusal(StatusCode::BAD_REQUEST, line(&error.body_text()), None),
    });
    let healthy = get(async || "ok\n");
    let hosts = AllowedHosts::of_this_host(&config.allowed_hosts, "colony.allowed_hosts");
    let door = Door::new(hosts, UNKNOWN_PATH_HINT)
        .merge(mcp::routes(&answering, &sql))
        .merge(json::routes(&answering, sql))
        .merge(jaeger::routes(&answering))
        .merge(tempo::routes(&answering, env!("CARGO_PKG_VERSION")))
        .merge(zipkin::routes(&answering))
        .merge(prometheus::routes(&answering))
        .route(export::route(&answering))
        .route(whoami::route())
        .merge(ui::routes(config.ui_dir.clone()))
        .route(Route::new(Method::Delete, FORGET_PATH, Permission::AgentForget, forget))
        .route(Route::new(Method::Get, "/metrics", Permission::ExpositionRead, metrics))
        .route(Route::new(Method::Get, "/healthz", Permission::HealthRead, healthy));
    let door = jaeger::add_rpcs(prometheus::add_refusals(door), &answering);
    let door = tempo::grpc::add_rpcs(door, &answering);
    coral_colony::serve::add_rpcs(door, colony.clone()).await
}

/// Answers questions about the colony itself.
struct About {
    colony: Colony,
    sql: SqlRunner,
    admission: Admission,
    audit: AuditLog,
    max_bytes: u64,
    keep: Duration,
}

/// What the engine says of itself, asked once for one answer.
struct Engine {
    /// The servers; empty if the engine stores on this host.
    shards: Vec<ShardStatus>,
    /// `None` while a server does not answer: a question to it could wait for a minute.
    extent: Option<Extent>,
}

impl FleetState for About {
    fn status(&self, now: UnixNanos) -> ColonyStatus {
        let engine = self.engine();
        ColonyStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            problems: Vec::new(),
            agents: self.colony.health.snapshot(now).into_iter().map(agent).collect(),
            exports: self.exports(&engine, now).into_iter().map(export).collect(),
            counters: self.counters(&engine),
            store: self.store(engine),
            sql_library: coral_api::sql::library(&self.sql),
            encryption: self.colony.trust.encryption().to_owned(),
        }
    }
}

impl About {
    fn engine(&self) -> Engine {
        let shards: Vec<ShardStatus> = self.colony.engine.shards().into_iter().map(shard).collect();
        let answers = shards.iter().all(|shard| shard.last_error.is_none());
        let extent = answers.then(|| self.colony.engine.extent().unwrap_or_default());
        Engine { shards, extent }
    }

    /// The size of the store. Values that the engine cannot return now are 0 or unknown; while a server
    /// does not answer, those of the others.
    fn store(&self, engine: Engine) -> StoreStatus {
        let Engine { shards, extent } = engine;
        let sum = |of: fn(&ShardStatus) -> Option<u64>| shards.iter().filter_map(of).sum();
        let (spans, bytes) = match &extent {
            Some(extent) => (extent.spans, extent.bytes),
            None => (sum(|shard| shard.spans), sum(|shard| shard.bytes)),
        };
        let totals = extent.as_ref().and_then(|_| self.colony.engine.signal_totals().ok());
        let totals = totals.unwrap_or_default();
        let of_spans = totals.iter().filter(|row| matches!(row.signal, Signal::Spans(_)));
        StoreStatus {
            spans,
            bytes,
            max_bytes: self.max_bytes,
            oldest_received: of_spans.filter_map(|row| row.since).min(),
            keep_seconds: self.keep.as_secs(),
            spans_damaged: extent.map_or(0, |extent| extent.damaged),
            shards,
        }
    }

    /// The status of each target of the export.
    fn exports(&self, engine: &Engine, now: UnixNanos) -> Vec<TargetStatus> {
        let last_receipt = engine.extent.as_ref().map_or(0, |extent| extent.last_receipt);
        self.colony.exports.statuses(now, last_receipt)
    }

    /// All counters, and the series of each agent and export, in Prometheus's format.
    fn exposition(&self, now: UnixNanos) -> String {
        let (agents, engine) = (self.colony.health.snapshot(now), self.engine());
        exposition::prometheus(&self.counters(&engine))
            + &agent_series::exposition(&agents, now)
            + &export_series::exposition(&self.exports(&engine, now))
    }

    fn counters(&self, engine: &Engine) -> Counters {
        let mut counters = self.colony.counters();
        if engine.extent.is_some() {
            counters.extend(self.colony.engine_counters());
        }
        counters.extend(self.sql.counters().snapshot());
        counters.extend(self.admission.counters("colony"));
        counters.extend(self.audit.counters());
        counters
    }
}

/// The answer to a request to forget an agent.
fn forgotten(outcome: Result<(), ForgetError>) -> Response {
    match outcome {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            let status = match &error {
                ForgetError::Unknown(_) => StatusCode::NOT_FOUND,
                ForgetError::Configured(_) | ForgetError::Answers(_) => StatusCode::CONFLICT,
                ForgetError::Engine(_) => StatusCode::SERVICE_UNAVAILABLE,
            };
            refusal(status, line(&chain(&error)), Some("`coral colony status` lists the agents"))
        }
    }
}

fn untraced(polled: coral_colony::poll::status::UntracedService) -> UntracedService {
    UntracedService { name: polled.name, port: polled.port, program: polled.program }
}

fn shard(server: coral_engine::ShardStatus) -> ShardStatus {
    let answered = server.failure.is_none();
    ShardStatus {
        url: server.url,
        version: answered.then_some(server.version),
        spans: answered.then_some(server.spans),
        bytes: answered.then_some(server.bytes),
        free_bytes: server.free_bytes,
        last_error: server.failure,
    }
}

fn export(target: TargetStatus) -> ExportStatus {
    ExportStatus {
        name: target.name,
        url: target.url,
        protocol: target.protocol.to_owned(),
        state: target.state.as_str().to_owned(),
        lag_receipts: target.lag_receipts,
        lag_seconds: target.lag_seconds,
        exported: target.exported,
        rejected: target.rejected,
        missed: target.missed,
        filtered: target.filtered,
        returned: target.returned,
        failures: target.failures,
        last_error: target.last_error,
        last_rejection: target.last_rejection,
    }
}

fn agent(polled: PolledAgent) -> AgentStatus {
    AgentStatus {
        agent_id: polled.agent_id,
        address: polled.address,
        known_by: polled.known_by.as_str().to_owned(),
        state: polled.state.as_str().to_owned(),
        version: polled.version,
        answered_at: polled.answered_at,
        spans_at: polled.spans_at,
        spans_per_second: polled.spans_per_second,
        reachable: polled.reachable,
        lag_receipts: polled.lag_receipts,
        lag_seconds: polled.lag_seconds,
        last_error: polled.last_error,
        spans_stored: polled.spans_stored,
        spans_missed: polled.spans_missed,
        spans_refused: polled.spans_refused,
        last_refusal: polled.last_refusal,
        beyla: polled.beyla,
        untraced: polled.untraced.into_iter().map(untraced).collect(),
    }
}
