//! `jaeger.api_v3.QueryService`.

use coral_query::span_search::{FoundTraces, TraceNumbers};
use coral_query::{Budget, Sources};
use coral_server::audit::AuditDetails;
use coral_trace::TimeRange;
use coral_wire::jaeger_rpc::TracesData;
use coral_wire::jaeger_rpc::api_v3::query_service_server::QueryService;
use coral_wire::jaeger_rpc::api_v3::{
    DependenciesResponse, Dependency, FindTraceSummariesRequest, FindTraceSummariesResponse,
    FindTracesRequest, GetDependenciesRequest, GetOperationsRequest, GetOperationsResponse,
    GetServicesRequest, GetServicesResponse, GetTraceRequest, Operation, ServiceSummary,
    TraceSummary,
};
use tonic::{Request, Response, Status};

use super::asking::{JaegerRpc, instant};
use super::search::of_query;
use super::stream::{Messages, messages, streamed};
use crate::jaeger::dependencies::links;
use crate::jaeger::legacy::NOT_FOUND;
use crate::jaeger::operations::{all_operations, all_services};
use crate::jaeger::parameters::parse_trace_id;
use crate::jaeger::search::{audit_details, found, one};
use crate::jaeger::v3::numbers;

/// The largest number of summaries in a message.
const SUMMARIES_AT_ONCE: usize = 1_000;

#[tonic::async_trait]
impl QueryService for JaegerRpc {
    type GetTraceStream = Messages<TracesData>;
    type FindTracesStream = Messages<TracesData>;
    type FindTraceSummariesStream = Messages<FindTraceSummariesResponse>;

    async fn get_trace(
        &self,
        request: Request<GetTraceRequest>,
    ) -> Result<Response<Self::GetTraceStream>, Status> {
        let (_, extensions, request) = request.into_parts();
        let id = parse_trace_id(&request.trace_id)
            .map_err(|reason| Status::invalid_argument(format!("malform trace ID: {reason}")))?;
        let Some(id) = id else { return Err(Status::not_found(NOT_FOUND)) };
        let details = AuditDetails { trace_ids: vec![request.trace_id], ..AuditDetails::default() };
        let (rows, is_raw) = (details.rows.clone(), request.raw_traces);
        let work = move |sources: &Sources<'_>, budget: &Budget| {
            let found = one(id, is_raw, sources, budget)?;
            rows.add(found.iter().map(|found| found.spans.len() as u64).sum());
            let found = found.into_iter().collect();
            Ok(messages(FoundTraces { traces: found, left_out: Vec::new() }))
        };
        let answer = self.ask(&extensions, details, work).await?;
        if answer.get_ref().is_empty() {
            return Err(Status::not_found(NOT_FOUND));
        }
        Ok(answer.map(streamed))
    }

    async fn find_traces(
        &self,
        request: Request<FindTracesRequest>,
    ) -> Result<Response<Self::FindTracesStream>, Status> {
        let (_, extensions, request) = request.into_parts();
        let (search, is_raw) = of_query(request.query)?;
        let details = audit_details(&search);
        let rows = details.rows.clone();
        let work = move |sources: &Sources<'_>, budget: &Budget| {
            let found = found(&search, is_raw, sources, budget)?;
            rows.add(found.traces.len() as u64);
            Ok(messages(found))
        };
        Ok(self.ask(&extensions, details, work).await?.map(streamed))
    }

    async fn find_trace_summaries(
        &self,
        request: Request<FindTraceSummariesRequest>,
    ) -> Result<Response<Self::FindTraceSummariesStream>, Status> {
        let (_, extensions, request) = request.into_parts();
        let (search, _) = of_query(request.query)?;
        let details = audit_details(&search);
        let rows = details.rows.clone();
        let work = move |sources: &Sources<'_>, budget: &Budget| {
            let numbers = numbers(&search, sources, budget)?;
            rows.add(numbers.len() as u64);
            let message = |some: &[TraceNumbers]| FindTraceSummariesResponse {
                summaries: some.iter().map(summary).collect(),
            };
            Ok(Ok(numbers.chunks(SUMMARIES_AT_ONCE).map(message).collect::<Vec<_>>()))
        };
        Ok(self.ask(&extensions, details, work).await?.map(streamed))
    }

    async fn get_services(
        &self,
        request: Request<GetServicesRequest>,
    ) -> Result<Response<GetServicesResponse>, Status> {
        let details = AuditDetails::default();
        let rows = details.rows.clone();
        let work = move |sources: &Sources<'_>, budget: &Budget| {
            let services = all_services(sources, budget)?;
            rows.add(services.len() as u64);
            Ok(Ok(GetServicesResponse { services }))
        };
        self.ask(request.extensions(), details, work).await
    }

    async fn get_operations(
        &self,
        request: Request<GetOperationsRequest>,
    ) -> Result<Response<GetOperationsResponse>, Status> {
        let (_, extensions, request) = request.into_parts();
        let GetOperationsRequest { service, span_kind } = request;
        if service.is_empty() {
            return Err(Status::invalid_argument("service is required"));
        }
        let details = AuditDetails { services: vec![service.clone()], ..AuditDetails::default() };
        let rows = details.rows.clone();
        let work = move |sources: &Sources<'_>, budget: &Budget| {
            let all = all_operations(&service, &span_kind, sources, budget)?;
            rows.add(all.len() as u64);
            let operation = |found: crate::jaeger::operations::Operation| Operation {
                name: found.name,
                span_kind: found.kind.to_owned(),
            };
            Ok(Ok(GetOperationsResponse { operations: all.into_iter().map(operation).collect() }))
        };
        self.ask(&extensions, details, work).await
    }

    async fn get_dependencies(
        &self,
        request: Request<GetDependenciesRequest>,
    ) -> Result<Response<DependenciesResponse>, Status> {
        let (_, extensions, request) = request.into_parts();
        let start = request.start_time.and_then(|time| instant(time.seconds, time.nanos));
        let end = request.end_time.and_then(|time| instant(time.seconds, time.nanos));
        let (Some(start), Some(end)) = (start, end) else {
            return Err(Status::invalid_argument("start_time and end_time are required"));
        };
        if end <= start {
            return Err(Status::invalid_argument("end_time must be after start_time"));
        }
        let details =
            AuditDetails { since: Some(start), until: Some(end), ..AuditDetails::default() };
        let rows = details.rows.clone();
        let work = move |sources: &Sources<'_>, budget: &Budget| {
            let links = links(TimeRange { start, end }, sources, budget)?;
            rows.add(links.len() as u64);
            let dependencies = links.into_iter().map(|link| Dependency {
                parent: link.parent,
                child: link.child,
                call_count: link.calls,
            });
            Ok(Ok(DependenciesResponse { dependencies: dependencies.collect() }))
        };
        self.ask(&extensions, details, work).await
    }
}

fn summary(trace: &TraceNumbers) -> TraceSummary {
    let count = |number: u64| i32::try_from(number).unwrap_or(i32::MAX);
    let counts = trace.counts();
    let services = trace.services.iter().map(|(name, counts)| ServiceSummary {
        name: name.clone(),
        span_count: count(counts.spans),
        error_span_count: count(counts.errors),
    });
    TraceSummary {
        trace_id: trace.trace_id.to_string(),
        root_service_name: trace.root_service.clone(),
        root_operation_name: trace.root_name.clone(),
        min_start_time_unix_nano: trace.start.0,
        max_end_time_unix_nano: trace.end.0,
        span_count: count(counts.spans),
        error_span_count: count(counts.errors),
        orphan_span_count: count(trace.orphans),
        services: services.collect(),
    }
}
