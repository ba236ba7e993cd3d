//! `jaeger.storage.v2`: what a Jaeger reads whose storage is a colony. Spans are as they were sent,
//! because that Jaeger adjusts them itself.

use coral_query::span_search::FoundTraces;
use coral_query::{Budget, Sources};
use coral_server::audit::AuditDetails;
use coral_server::clock;
use coral_trace::{TimeRange, TraceId};
use coral_wire::agent_rpc::timestamp;
use coral_wire::jaeger_rpc::TracesData;
use coral_wire::jaeger_rpc::storage_v2::dependency_reader_server::DependencyReader;
use coral_wire::jaeger_rpc::storage_v2::trace_reader_server::TraceReader;
use coral_wire::jaeger_rpc::storage_v2::{
    Dependency, FindTraceIDsResponse, FindTracesRequest, FoundTraceId, GetDependenciesRequest,
    GetDependenciesResponse, GetOperationsRequest, GetOperationsResponse, GetServicesRequest,
    GetServicesResponse, GetTracesRequest, Operation,
};
use tonic::{Request, Response, Status};

use super::asking::{JaegerRpc, instant};
use super::search::of_storage;
use super::stream::{Messages, messages, streamed};
use crate::jaeger::dependencies::links;
use crate::jaeger::operations::{all_operations, all_services};
use crate::jaeger::search::{MAX_TRACE_IDS, audit_details, found};

#[tonic::async_trait]
impl TraceReader for JaegerRpc {
    type GetTracesStream = Messages<TracesData>;
    type FindTracesStream = Messages<TracesData>;

    async fn get_traces(
        &self,
        request: Request<GetTracesRequest>,
    ) -> Result<Response<Self::GetTracesStream>, Status> {
        let (_, extensions, request) = request.into_parts();
        if request.query.len() > MAX_TRACE_IDS {
            let count = request.query.len();
            let reason = format!("query: {count} traces are more than {MAX_TRACE_IDS}");
            return Err(Status::invalid_argument(reason));
        }
        let ids = request.query.iter().map(|query| trace_id(&query.trace_id));
        let ids: Vec<TraceId> = ids.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
        let trace_ids = ids.iter().map(ToString::to_string).collect();
        let details = AuditDetails { trace_ids, ..AuditDetails::default() };
        let rows = details.rows.clone();
        let work = move |sources: &Sources<'_>, budget: &Budget| {
            let found = match *ids {
                [only] => {
                    let traces = FoundTraces::one(only, sources, budget)?.into_iter().collect();
                    FoundTraces { traces, left_out: Vec::new() }
                }
                _ => FoundTraces::read(&ids, sources, budget)?,
            };
            rows.add(found.traces.len() as u64);
            Ok(messages(found))
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

    async fn find_traces(
        &self,
        request: Request<FindTracesRequest>,
    ) -> Result<Response<Self::FindTracesStream>, Status> {
        let (_, extensions, request) = request.into_parts();
        let search = of_storage(request.query, clock::now())?;
        let details = audit_details(&search);
        let rows = details.rows.clone();
        let work = move |sources: &Sources<'_>, budget: &Budget| {
            let found = found(&search, true, sources, budget)?;
            rows.add(found.traces.len() as u64);
            Ok(messages(found))
        };
        Ok(self.ask(&extensions, details, work).await?.map(streamed))
    }

    async fn find_trace_i_ds(
        &self,
        request: Request<FindTracesRequest>,
    ) -> Result<Response<FindTraceIDsResponse>, Status> {
        let (_, extensions, request) = request.into_parts();
        let search = of_storage(request.query, clock::now())?;
        let details = audit_details(&search);
        let rows = details.rows.clone();
        let work = move |sources: &Sources<'_>, budget: &Budget| {
            let found = search.find(sources, budget)?;
            rows.add(found.len() as u64);
            let id = |trace: coral_query::span_search::TraceOutline| FoundTraceId {
                trace_id: trace.trace_id.bytes().to_vec(),
                start: Some(timestamp(trace.start)),
                end: Some(timestamp(trace.start.later(trace.duration))),
            };
            Ok(Ok(FindTraceIDsResponse { trace_ids: found.into_iter().map(id).collect() }))
        };
        self.ask(&extensions, details, work).await
    }
}

#[tonic::async_trait]
impl DependencyReader for JaegerRpc {
    async fn get_dependencies(
        &self,
        request: Request<GetDependenciesRequest>,
    ) -> Result<Response<GetDependenciesResponse>, Status> {
        let (_, extensions, request) = request.into_parts();
        let start = request.start_time.and_then(|time| instant(time.seconds, time.nanos));
        let end = request.end_time.and_then(|time| instant(time.seconds, time.nanos));
        let Some(start) = start else {
            return Err(Status::invalid_argument("start_time is required"));
        };
        let range = TimeRange { start, end: end.unwrap_or_else(clock::now) };
        let details = AuditDetails {
            since: Some(range.start),
            until: Some(range.end),
            ..AuditDetails::default()
        };
        let rows = details.rows.clone();
        let work = move |sources: &Sources<'_>, budget: &Budget| {
            let links = links(range, sources, budget)?;
            rows.add(links.len() as u64);
            let dependencies = links.into_iter().map(|link| Dependency {
                parent: link.parent,
                child: link.child,
                call_count: link.calls,
                source: String::new(),
            });
            Ok(Ok(GetDependenciesResponse { dependencies: dependencies.collect() }))
        };
        self.ask(&extensions, details, work).await
    }
}

/// An id of 16 bytes; `None` for zeros, which no trace has.
fn trace_id(bytes: &[u8]) -> Result<Option<TraceId>, Status> {
    let id = <[u8; 16]>::try_from(bytes).map_err(|_| {
        let found = bytes.len();
        Status::invalid_argument(format!("query.trace_id: {found} bytes, expected 16"))
    })?;
    Ok(TraceId::try_from(u128::from_be_bytes(id)).ok())
}
