//! What a colony serves: gRPC for agents, JSON for questions, metrics and health.

use axum::extract::Request;
use axum::routing::{any_service, get};
use axum::{Router, middleware};
use coral_api::json::{self, ApiContext};
use coral_colony::Colony;
use coral_colony::status::AgentStatus as PolledAgent;
use coral_config::ColonyConfig;
use coral_query::Sources;
use coral_query::answer::{AgentStatus, ColonyStatus};
use coral_server::clock;
use coral_server::door::hosts::AllowedHosts;
use coral_server::door::{Door, Method, Permission, Route};
use coral_server::exposition::{self, Counters};
use coral_sql::SqlQuestion;
use coral_sql::runner::SqlRunner;

/// What somebody reads who asks a colony for an unknown path.
const UNKNOWN_PATH_HINT: &str = "GET /api/v1/openapi.json says what a colony answers";

/// Every route and RPC of `colony`.
///
/// # Errors
/// When the RPC descriptors that were compiled in cannot be read.
pub async fn door(
    colony: &Colony,
    config: &ColonyConfig,
) -> Result<Door, tonic_reflection::server::Error> {
    let sql = SqlRunner::new(colony.store.clone(), config.data_dir.clone(), &config.sql);
    let (asked, scraped) = ((colony.clone(), sql.clone()), (colony.clone(), sql.clone()));
    let context = ApiContext {
        sources: Sources { store: colony.store.clone() },
        status: Box::new(move || status(&asked.0, &asked.1)),
        sql,
    };
    let metrics = get(async move || exposition::prometheus(&counters(&scraped.0, &scraped.1)));
    let healthy = get(async || "ok\n");
    let hosts = AllowedHosts::of_this_host(&config.allowed_hosts, "colony.allowed_hosts");
    let door = Door::new(hosts, UNKNOWN_PATH_HINT)
        .merge(questions(json::router(context)))
        .route(Route::new(Method::Get, "/metrics", Permission::ExpositionRead, metrics))
        .route(Route::new(Method::Get, "/healthz", Permission::HealthRead, healthy));
    coral_colony::serve::add_rpcs(door, colony.clone()).await
}

/// The routes of the JSON API.
fn questions(api: Router) -> impl Iterator<Item = Route> {
    let routes = [
        (Method::Get, "/api/v1/traces", Permission::TracesRead),
        (Method::Get, "/api/v1/traces/{id}", Permission::TracesRead),
        (Method::Get, "/api/v1/red/{protocol}", Permission::MetricsRead),
        (Method::Get, "/api/v1/why", Permission::WhyRead),
        (Method::Get, "/api/v1/topology", Permission::TopologyRead),
        (Method::Get, "/api/v1/anomalies", Permission::AnomaliesRead),
        (Method::Get, "/api/v1/ask", Permission::AskRead),
        (Method::Get, "/api/v1/status", Permission::StatusRead),
        (Method::Post, SqlQuestion::PATH, Permission::SqlRead),
    ];
    routes.into_iter().map(move |(method, path, permission)| {
        // Matched twice, so what the first match left in the request must not reach the second.
        let clear = async |mut request: Request| {
            request.extensions_mut().clear();
            request
        };
        let answer = any_service(api.clone()).layer(middleware::map_request(clear));
        Route::new(method, path, permission, answer)
    })
}

fn status(colony: &Colony, sql: &SqlRunner) -> ColonyStatus {
    ColonyStatus {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        agents: colony.health.snapshot(clock::now()).into_iter().map(agent).collect(),
        sql_library: coral_api::sql::library(sql),
        counters: counters(colony, sql),
    }
}

fn counters(colony: &Colony, sql: &SqlRunner) -> Counters {
    let mut counters = colony.counters();
    counters.extend(sql.counters().snapshot());
    counters
}

fn agent(polled: PolledAgent) -> AgentStatus {
    AgentStatus {
        agent_id: polled.agent_id,
        address: polled.address,
        known_by: polled.known_by.as_str().to_owned(),
        state: polled.state.as_str().to_owned(),
        reachable: polled.reachable,
        lag_receipts: polled.lag_receipts,
        lag_seconds: polled.lag_seconds,
        last_error: polled.last_error,
        spans_stored: polled.spans_stored,
        spans_missed: polled.spans_missed,
        spans_refused: polled.spans_refused,
        last_refusal: polled.last_refusal,
        beyla: polled.beyla,
    }
}
