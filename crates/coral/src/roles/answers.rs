//! What a colony serves: gRPC for agents, JSON for questions, metrics and health.

use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use coral_api::json::{self, ApiContext};
use coral_colony::Colony;
use coral_colony::poll::status::AgentStatus as PolledAgent;
use coral_config::ColonyConfig;
use coral_query::FleetState;
use coral_query::SharedSources;
use coral_query::answer::{AgentStatus, ColonyStatus};
use coral_server::admission::{Admission, AdmissionLimits};
use coral_server::door::hosts::AllowedHosts;
use coral_server::door::{Door, Method, Permission, Route};
use coral_server::exposition::{self, Counters};
use coral_server::rpc::ReflectionError;
use coral_sql::runner::SqlRunner;
use coral_store::Store;
use coral_trace::UnixNanos;

/// What somebody reads who asks a colony for an unknown path.
const UNKNOWN_PATH_HINT: &str = "GET /api/v1/openapi.json says what a colony answers";

/// Questions that run and wait. Four answers at a time keep a small host responsive; a person who opens a page with many
/// panels waits for some seconds and is not refused.
const QUESTIONS: AdmissionLimits = AdmissionLimits {
    max_running: 4,
    max_waiting: 256,
    max_waiting_per_identity: 64,
    wait_timeout: Duration::from_secs(30),
};

/// Every route and RPC of `colony`, whose data is in `store`, which `sql` asks.
///
/// # Errors
/// [`ReflectionError`] when the RPC descriptors that were compiled in cannot be read.
pub async fn door(
    colony: &Colony,
    store: Store,
    sql: SqlRunner,
    config: &ColonyConfig,
) -> Result<Door, ReflectionError> {
    let admission = Admission::new(QUESTIONS);
    let about =
        Arc::new(About { colony: colony.clone(), sql: sql.clone(), admission: admission.clone() });
    let store = Arc::new(store);
    let sources = SharedSources { traces: store.clone(), metrics: store, fleet: about.clone() };
    let metrics = get(async move || {
        let count = move || about.counters();
        let counters = tokio::task::spawn_blocking(count).await.expect("counting does not panic");
        exposition::prometheus(&counters)
    });
    let healthy = get(async || "ok\n");
    let hosts = AllowedHosts::of_this_host(&config.allowed_hosts, "colony.allowed_hosts");
    let door = Door::new(hosts, UNKNOWN_PATH_HINT)
        .merge(json::routes(ApiContext { sources, sql, admission }))
        .route(Route::new(Method::Get, "/metrics", Permission::ExpositionRead, metrics))
        .route(Route::new(Method::Get, "/healthz", Permission::HealthRead, healthy));
    coral_colony::serve::add_rpcs(door, colony.clone()).await
}

/// A colony and its SQL, asked about themselves.
struct About {
    colony: Colony,
    sql: SqlRunner,
    admission: Admission,
}

impl FleetState for About {
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
        counters.extend(self.admission.counters("colony"));
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
