//! The gRPC service that colonies poll.

use std::sync::Arc;

use coral_server::admission::{Identity, Surface};
use coral_server::clock;
use coral_trace::Collector;
use coral_wire::agent_rpc::proto::agent_service_server::AgentService;
use coral_wire::agent_rpc::proto::{
    QueryBeylaMetricsRequest, QueryBeylaMetricsResponse, QueryTelemetryRequest,
    QueryTelemetryResponse,
};
use tokio::time::Instant;
use tonic::{Request, Response, Status};

use super::lease::{LeaseRequest, Turn};
use super::metrics::{self, MetricQuestion};
use super::request::SpanQuestion;
use super::{AgentView, Spans, not_admitted, page, traces};

/// The gRPC service `coral.agent.v1.AgentService`.
pub(super) struct AgentRpc {
    pub(super) view: Arc<AgentView>,
}

#[tonic::async_trait]
impl AgentService for AgentRpc {
    async fn query_beyla_metrics(
        &self,
        request: Request<QueryBeylaMetricsRequest>,
    ) -> Result<Response<QueryBeylaMetricsResponse>, Status> {
        let who = Identity::of_request(Surface::AgentRpc, request.extensions());
        self.view.colony.polled(clock::now());
        let request = request.into_inner();
        let (cluster, colony) = (&request.cluster_id, &request.colony_id);
        let lease = LeaseRequest::from_fields(cluster, colony, request.lease_ms)?;
        let metrics = MetricQuestion::from_request(&request)?;
        let include_traces = request.include_traces;
        let spans = include_traces.then(|| SpanQuestion::try_from(request)).transpose()?;
        let mut answer = QueryBeylaMetricsResponse::default();
        if self.turn(lease)? == Turn::GivenUp {
            return Ok(Response::new(answer));
        }
        if let Some(question) = spans {
            let spans = self.spans(&who, Collector::Ebpf, question).await?;
            answer.trace_spans = spans.trace_spans;
            answer.total_traces = spans.traces;
            answer.page = Some(spans.page);
        }
        match metrics {
            Some(question) => self.metrics(&who, question, answer).await.map(Response::new),
            None => Ok(Response::new(answer)),
        }
    }

    async fn query_telemetry(
        &self,
        request: Request<QueryTelemetryRequest>,
    ) -> Result<Response<QueryTelemetryResponse>, Status> {
        let who = Identity::of_request(Surface::AgentRpc, request.extensions());
        self.view.colony.polled(clock::now());
        let request = request.into_inner();
        let (cluster, colony) = (&request.cluster_id, &request.colony_id);
        let lease = LeaseRequest::from_fields(cluster, colony, request.lease_ms)?;
        let question = SpanQuestion::try_from(request)?;
        if self.turn(lease)? == Turn::GivenUp {
            return Ok(Response::new(QueryTelemetryResponse::default()));
        }
        let spans = self.spans(&who, Collector::Sdk, question).await?;
        Ok(Response::new(QueryTelemetryResponse {
            trace_spans: spans.trace_spans,
            total_traces: spans.traces,
            page: Some(spans.page),
        }))
    }
}

impl AgentRpc {
    /// What becomes of a poll. A caller without a cluster needs no lease.
    fn turn(&self, lease: Option<LeaseRequest>) -> Result<Turn, Status> {
        let turn = lease.map(|request| self.view.leases.take(request, Instant::now()));
        Ok(turn.unwrap_or(Ok(Turn::Poll))?)
    }

    pub(super) async fn spans(
        &self,
        who: &Identity,
        collector: Collector,
        question: SpanQuestion,
    ) -> Result<Spans, Status> {
        let store = self.view.store.clone();
        if let SpanQuestion::After(position) = &question
            && !position.wait.is_zero()
        {
            self.view.commits.beyond(&store, position.after, position.wait).await;
        }
        let permit = self.view.admission.admit(who).await.map_err(not_admitted)?;
        let beyla = self.view.beyla.status().line();
        let started_unix_us = self.view.started.as_micros();
        let beyla_sampling_rate = self.view.beyla_sampling_rate.unwrap_or_default();
        tokio::task::spawn_blocking(move || {
            // The permit is returned when the query has ended, even if the caller has disconnected.
            let _permit = permit;
            let mut spans = match question {
                SpanQuestion::After(position) => page::answer(&store, collector, &position),
                SpanQuestion::Traces(selection) => traces::answer(&store, collector, &selection),
            }?;
            spans.page.beyla = beyla;
            spans.page.started_unix_us = started_unix_us;
            spans.page.beyla_sampling_rate = beyla_sampling_rate;
            spans.page.waits = true;
            Ok(spans)
        })
        .await
        .map_err(|panic| Status::internal(panic.to_string()))?
    }
}

impl AgentRpc {
    async fn metrics(
        &self,
        who: &Identity,
        question: MetricQuestion,
        mut answer: QueryBeylaMetricsResponse,
    ) -> Result<QueryBeylaMetricsResponse, Status> {
        let permit = self.view.admission.admit(who).await.map_err(not_admitted)?;
        let view = self.view.clone();
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            metrics::add_metrics(&view.store, &question, &mut answer)?;
            if let Some(page) = &mut answer.metric_page {
                page.untraced = view.untraced();
            }
            Ok(answer)
        })
        .await
        .map_err(|panic| Status::internal(panic.to_string()))?
    }
}
