//! Answers people, programs and agents, all on one port.

mod api;
mod register;
mod sql;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use coral_wire::colony_rpc::proto::colony_service_server::ColonyServiceServer;

use self::register::Registration;
use crate::clock;
use crate::colony::poll::health::Health;
use crate::colony::registry::Registry;
use crate::metrics::{self, Counters};
use crate::query::Sources;
use crate::query::answer::ColonyStatus;
use crate::retain::RetainCounters;
use crate::sql::runner::SqlRunner;

/// What a colony answers from.
pub struct ColonyView {
    /// Its spans.
    pub sources: Sources,
    /// How polling goes.
    pub health: Arc<Health>,
    /// What went.
    pub retained: Arc<RetainCounters>,
    /// Questions in SQL.
    pub sql: SqlRunner,
    /// Where agents register.
    pub registry: Arc<Registry>,
}

/// Everything that a colony serves: JSON under `/api/v1`, metrics, health, and gRPC for agents with
/// reflection.
///
/// # Errors
/// When the descriptors that were compiled in cannot be read.
pub async fn router(view: Arc<ColonyView>) -> Result<Router, tonic_reflection::server::Error> {
    let registration = ColonyServiceServer::new(Registration { view: view.clone() });
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<ColonyServiceServer<Registration>>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(coral_wire::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    let grpc = tonic::service::Routes::new(registration)
        .add_service(health_service)
        .add_service(reflection)
        .into_axum_router();
    let exposition = view.clone();
    Ok(grpc
        .merge(api::router(view))
        .route("/metrics", get(async move || metrics::prometheus(&exposition.counters())))
        .route("/healthz", get(async || "ok\n")))
}

impl ColonyView {
    fn counters(&self) -> Counters {
        let mut counters: Counters = self.health.counters().collect();
        let refused = self.registry.refused();
        counters.insert("coral.colony.registrations.refused".to_owned(), refused);
        let missed =
            self.sources.store.metric_checkpoints().into_iter().map(|place| place.rows_missed);
        let missed = missed.fold(0, u64::saturating_add);
        counters.insert("coral.colony.metrics.missed".to_owned(), missed);
        counters.extend(self.sql.counters().snapshot());
        counters.extend(self.retained.snapshot("colony"));
        counters.extend(metrics::store_gauges("colony", &self.sources.store.extent()));
        counters.extend(metrics::metric_gauges("colony", &self.sources.store.metric_extent()));
        counters
    }

    fn status(&self) -> ColonyStatus {
        ColonyStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            agents: self.health.snapshot(clock::now()),
            sql_library: sql::library(&self.sql),
            counters: self.counters(),
        }
    }
}
