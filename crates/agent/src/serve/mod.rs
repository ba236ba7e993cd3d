//! Answers colonies, and people who ask the agent about itself.

mod metrics;
mod page;
mod request;
#[cfg(test)]
mod tests;
mod traces;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use coral_store::Store;
use coral_trace::Collector;
use coral_wire::agent_rpc::proto::agent_service_server::{AgentService, AgentServiceServer};
use coral_wire::agent_rpc::proto::{
    BeylaTraceSpan, QueryBeylaMetricsRequest, QueryBeylaMetricsResponse, QueryTelemetryRequest,
    QueryTelemetryResponse, SpanPage,
};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

use self::metrics::MetricQuestion;
use self::request::SpanQuestion;
use crate::counters::IntakeCounters;
use crate::status::AgentSelfStatus;
use coral_beyla::monitor::BeylaMonitor;
use coral_server::exposition::{self as exposition, Counters};
use coral_server::retain::RetainCounters;
use coral_trace::chain;
use coral_trace::sanitize;

/// What the agent says of itself and of its spans.
pub struct AgentView {
    /// The agent's id.
    pub agent_id: String,
    /// Its spans.
    pub store: Store,
    /// What came in.
    pub counters: Arc<IntakeCounters>,
    /// What went.
    pub retained: Arc<RetainCounters>,
    /// The Beyla that it runs.
    pub beyla: Arc<BeylaMonitor>,
}

/// Queries at a time; more wait. Each makes one answer of at most 4 MiB,
/// of which the port keeps so many for slow readers (`listen.rs`).
const QUERIES: usize = 4;

/// One answer's spans, either way they were asked for.
#[derive(Default)]
pub(crate) struct Spans {
    pub(crate) trace_spans: Vec<BeylaTraceSpan>,
    pub(crate) traces: i32,
    pub(crate) page: SpanPage,
}

/// Everything the agent serves on its RPC port: gRPC with reflection and health, JSON and metrics.
///
/// # Errors
/// When the descriptors that were compiled in cannot be read.
pub async fn router(view: Arc<AgentView>) -> Result<Router, tonic_reflection::server::Error> {
    let rpc = AgentRpc { view: view.clone(), queries: Arc::new(Semaphore::new(QUERIES)) };
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<AgentServiceServer<AgentRpc>>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(coral_wire::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    let grpc = tonic::service::Routes::new(AgentServiceServer::new(rpc))
        .add_service(health_service)
        .add_service(reflection)
        .into_axum_router();
    let (status, counted, healthy) = (view.clone(), view.clone(), view);
    Ok(grpc
        .route("/api/v1/status", get(async move || Json(status.status())))
        .route("/metrics", get(async move || exposition::prometheus(&counted.counters())))
        .route("/healthz", get(async move || healthy.health())))
}

impl AgentView {
    fn counters(&self) -> Counters {
        let mut counters: BTreeMap<_, _> = self.counters.snapshot();
        counters.extend(self.retained.snapshot("agent"));
        counters.extend(self.beyla.counters());
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
        }
    }

    /// The agent is well while it answers: without Beyla it takes the spans of others.
    fn health(&self) -> String {
        format!("ok\nbeyla: {}\n", sanitize::line(&self.beyla.status().line()))
    }
}

/// `coral.agent.v1.AgentService`.
struct AgentRpc {
    view: Arc<AgentView>,
    queries: Arc<Semaphore>,
}

#[tonic::async_trait]
impl AgentService for AgentRpc {
    async fn query_beyla_metrics(
        &self,
        request: Request<QueryBeylaMetricsRequest>,
    ) -> Result<Response<QueryBeylaMetricsResponse>, Status> {
        let request = request.into_inner();
        let metrics = MetricQuestion::of(&request)?;
        let mut answer = QueryBeylaMetricsResponse::default();
        if request.include_traces {
            let spans = self.spans(Collector::Ebpf, SpanQuestion::try_from(request)?).await?;
            answer.trace_spans = spans.trace_spans;
            answer.total_traces = spans.traces;
            answer.page = Some(spans.page);
        }
        match metrics {
            Some(question) => self.metrics(question, answer).await.map(Response::new),
            None => Ok(Response::new(answer)),
        }
    }

    async fn query_telemetry(
        &self,
        request: Request<QueryTelemetryRequest>,
    ) -> Result<Response<QueryTelemetryResponse>, Status> {
        let question = SpanQuestion::try_from(request.into_inner())?;
        let spans = self.spans(Collector::Sdk, question).await?;
        Ok(Response::new(QueryTelemetryResponse {
            trace_spans: spans.trace_spans,
            total_traces: spans.traces,
            page: Some(spans.page),
        }))
    }
}

impl AgentRpc {
    async fn spans(&self, of: Collector, question: SpanQuestion) -> Result<Spans, Status> {
        let place = self.queries.clone().acquire_owned().await;
        let place = place.map_err(|_| Status::unavailable("stopping"))?;
        let store = self.view.store.clone();
        let beyla = self.view.beyla.status().line();
        tokio::task::spawn_blocking(move || {
            // Given up when the query ends, and not when its caller goes.
            let _place = place;
            let mut spans = match question {
                SpanQuestion::After(place) => page::answer(&store, of, &place),
                SpanQuestion::Traces(wanted) => traces::answer(&store, of, &wanted),
            }?;
            spans.page.beyla = beyla;
            Ok(spans)
        })
        .await
        .map_err(|panic| Status::internal(panic.to_string()))?
    }
}

impl AgentRpc {
    async fn metrics(
        &self,
        question: MetricQuestion,
        mut answer: QueryBeylaMetricsResponse,
    ) -> Result<QueryBeylaMetricsResponse, Status> {
        let place = self.queries.clone().acquire_owned().await;
        let place = place.map_err(|_| Status::unavailable("stopping"))?;
        let store = self.view.store.clone();
        tokio::task::spawn_blocking(move || {
            let _place = place;
            metrics::put(&store, &question, &mut answer).map(|()| answer)
        })
        .await
        .map_err(|panic| Status::internal(panic.to_string()))?
    }
}

/// A page as a colony gets it.
#[cfg(test)]
pub(crate) fn page_for_tests(
    store: &Store,
    of: Collector,
    after: u64,
    encoding: coral_wire::agent_rpc::proto::SpanEncoding,
) -> SpanPage {
    let place = request::Place { after, max_spans: 5, encoding };
    page::answer(store, of, &place).unwrap_or_else(|status| panic!("{status}")).page
}

/// A store's error as gRPC says it: retryable, with the cause.
pub(crate) fn unavailable(error: coral_store::StoreError) -> Status {
    let cause = chain(&error);
    tracing::warn!(error = %cause, "could not answer a query");
    Status::unavailable(cause)
}
