//! What a colony serves: gRPC for agents, JSON for questions, metrics and health.

use axum::Router;
use axum::routing::get;
use coral_api::json::{self, ApiContext};
use coral_colony::Colony;
use coral_colony::status::AgentStatus as PolledAgent;
use coral_config::ColonyConfig;
use coral_query::Sources;
use coral_query::answer::{AgentStatus, ColonyStatus};
use coral_server::clock;
use coral_server::exposition::{self, Counters};
use coral_sql::runner::SqlRunner;

/// Every route of `colony`.
///
/// # Errors
/// When the RPC descriptors that were compiled in cannot be read.
pub async fn router(
    colony: &Colony,
    config: &ColonyConfig,
) -> Result<Router, tonic_reflection::server::Error> {
    let sql = SqlRunner::new(colony.store.clone(), config.data_dir.clone(), &config.sql);
    let grpc = coral_colony::serve::router(colony.clone()).await?;
    let (asked, scraped) = ((colony.clone(), sql.clone()), (colony.clone(), sql.clone()));
    let context = ApiContext {
        sources: Sources { store: colony.store.clone() },
        status: Box::new(move || status(&asked.0, &asked.1)),
        sql,
    };
    let metrics = async move || exposition::prometheus(&counters(&scraped.0, &scraped.1));
    Ok(grpc
        .merge(json::router(context))
        .route("/metrics", get(metrics))
        .route("/healthz", get(async || "ok\n")))
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
