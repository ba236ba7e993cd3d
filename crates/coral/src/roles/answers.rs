//! What a colony serves: gRPC for agents, JSON for questions, metrics and health.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use coral_api::json::{self, ApiContext};
use coral_colony::Colony;
use coral_colony::status::AgentStatus as PolledAgent;
use coral_config::ColonyConfig;
use coral_query::Fleet;
use coral_query::SharedSources;
use coral_query::answer::{AgentStatus, ColonyStatus};
use coral_server::exposition::{self, Counters};
use coral_sql::runner::SqlRunner;
use coral_trace::UnixNanos;

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
    let about = Arc::new(About { colony: colony.clone(), sql: sql.clone() });
    let store = Arc::new(colony.store.clone());
    let sources = SharedSources { traces: store.clone(), metrics: store, fleet: about.clone() };
    let metrics = async move || exposition::prometheus(&about.counters());
    Ok(grpc
        .merge(json::router(ApiContext { sources, sql }))
        .route("/metrics", get(metrics))
        .route("/healthz", get(async || "ok\n")))
}

/// A colony and its SQL, asked about themselves.
struct About {
    colony: Colony,
    sql: SqlRunner,
}

impl Fleet for About {
    fn status(&self, now: UnixNanos) -> ColonyStatus {
        ColonyStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            agents: self.colony.health.snapshot(now).into_iter().map(agent).collect(),
            sql_library: coral_api::sql::library(&self.sql),
            counters: self.counters(),
        }
    }
}

impl About {
    fn counters(&self) -> Counters {
        let mut counters = self.colony.counters();
        counters.extend(self.sql.counters().snapshot());
        counters
    }
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
