//! The gRPC of Jaeger, asked by the generated clients.

use coral_trace::{Span, SpanId, TraceId, UnixNanos};
use coral_wire::agent_rpc::timestamp;
use coral_wire::jaeger_rpc::api_v3::query_service_client::QueryServiceClient;
use coral_wire::jaeger_rpc::storage_v2::any_value::Value as Any;
use coral_wire::jaeger_rpc::storage_v2::dependency_reader_client::DependencyReaderClient;
use coral_wire::jaeger_rpc::storage_v2::trace_reader_client::TraceReaderClient;
use coral_wire::jaeger_rpc::{TracesData, api_v3, storage_v2};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::{Code, Status, Streaming};

use super::colony::Colony;
use super::{NOON, orphan, payment, span};

const MINUTE: u64 = 60_000_000_000;

fn url(colony: &Colony) -> String {
    format!("http://localhost:{}", colony.address.port())
}

fn v3_query() -> api_v3::TraceQueryParameters {
    api_v3::TraceQueryParameters {
        service_name: "shop".into(),
        start_time_min: Some(timestamp(UnixNanos(NOON - MINUTE))),
        start_time_max: Some(timestamp(UnixNanos(NOON + MINUTE))),
        ..Default::default()
    }
}

fn storage_query() -> storage_v2::TraceQueryParameters {
    storage_v2::TraceQueryParameters {
        service_name: "shop".into(),
        start_time_min: Some(timestamp(UnixNanos(NOON - MINUTE))),
        start_time_max: Some(timestamp(UnixNanos(NOON + MINUTE))),
        search_depth: 20,
        ..Default::default()
    }
}

/// Each message as the trace id of its spans and their number.
async fn messages(mut stream: Streaming<TracesData>) -> Result<Vec<(u128, usize)>, Status> {
    let mut found = Vec::new();
    while let Some(message) = stream.message().await? {
        let scopes = message.resource_spans.iter().flat_map(|one| &one.scope_spans);
        let spans: Vec<_> = scopes.flat_map(|one| &one.spans).collect();
        let id = |bytes: &[u8]| TraceId::try_from(bytes).unwrap().as_u128();
        let first = id(&spans[0].trace_id);
        assert!(spans.iter().all(|span| id(&span.trace_id) == first));
        found.push((first, spans.len()));
    }
    Ok(found)
}

#[tokio::test]
async fn the_query_service_answers_traces_summaries_and_lists() {
    let mut spans = payment(0xabc);
    spans.extend([span(0xdef, 1), orphan(0xdef)]);
    let colony = Colony::with(spans).await;
    let mut client = QueryServiceClient::connect(url(&colony)).await.unwrap();
    let find = |query| api_v3::FindTracesRequest { query: Some(query) };
    let stream = client.find_traces(find(v3_query())).await.unwrap().into_inner();
    let mut found = messages(stream).await.unwrap();
    found.sort_unstable();
    assert_eq!(found, [(0xabc, 3), (0xdef, 2)]);
    let tagged = api_v3::TraceQueryParameters {
        attributes: [("error".to_owned(), "true".to_owned())].into(),
        ..v3_query()
    };
    let stream = client.find_traces(find(tagged)).await.unwrap().into_inner();
    assert_eq!(messages(stream).await.unwrap(), [(0xabc, 3)]);
    let one = |id: &str| api_v3::GetTraceRequest { trace_id: id.into(), ..Default::default() };
    let stream = client.get_trace(one("ABC")).await.unwrap().into_inner();
    assert_eq!(messages(stream).await.unwrap(), [(0xabc, 3)]);
    for (id, code) in [("abd", Code::NotFound), ("0", Code::NotFound), ("x", Code::InvalidArgument)]
    {
        assert_eq!(client.get_trace(one(id)).await.unwrap_err().code(), code, "{id}");
    }
    let request = api_v3::FindTraceSummariesRequest { query: Some(v3_query()) };
    let mut stream = client.find_trace_summaries(request).await.unwrap().into_inner();
    let mut summaries = stream.message().await.unwrap().unwrap().summaries;
    summaries.sort_by_key(|summary| summary.trace_id.clone());
    let numbers =
        |one: &api_v3::TraceSummary| (one.span_count, one.error_span_count, one.orphan_span_count);
    assert_eq!(summaries.iter().map(numbers).collect::<Vec<_>>(), [(3, 1, 0), (2, 0, 1)]);
    let services = client.get_services(api_v3::GetServicesRequest {}).await.unwrap().into_inner();
    assert_eq!(services.services, ["bank", "shop"]);
    let request =
        api_v3::GetOperationsRequest { service: "shop".into(), span_kind: "client".into() };
    let operations = client.get_operations(request).await.unwrap().into_inner().operations;
    assert_eq!(operations[0].name, "POST /pay");
    let request = api_v3::GetDependenciesRequest {
        start_time: v3_query().start_time_min,
        end_time: v3_query().start_time_max,
    };
    let links = client.get_dependencies(request).await.unwrap().into_inner().dependencies;
    assert_eq!((links[0].parent.as_str(), links[0].call_count), ("shop", 1));
}

#[tokio::test]
async fn wrong_requests_of_the_query_service_are_refused_by_name() {
    let colony = Colony::with(payment(0xabc)).await;
    let mut client = QueryServiceClient::connect(url(&colony)).await.unwrap();
    let no_time = api_v3::TraceQueryParameters { start_time_max: None, ..v3_query() };
    let deep = api_v3::TraceQueryParameters { search_depth: -1, ..v3_query() };
    let filter = Some(api_v3::UnsupportedFilter {});
    let filtered = api_v3::TraceQueryParameters { filter, ..v3_query() };
    for (query, code, word) in [
        (None, Code::InvalidArgument, "missing query"),
        (Some(no_time), Code::InvalidArgument, "start time min and max are required"),
        (Some(deep), Code::InvalidArgument, "search depth"),
        (Some(filtered), Code::Unimplemented, "query.filter"),
    ] {
        let error = client.find_traces(api_v3::FindTracesRequest { query }).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.message().contains(word), "{error}");
    }
    let error = client.get_operations(api_v3::GetOperationsRequest::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn the_remote_storage_answers_raw_traces_ids_and_lists() {
    let mut spans = payment(0xabc);
    spans.push(orphan(0xdef));
    let colony = Colony::with(spans).await;
    let mut client = TraceReaderClient::connect(url(&colony)).await.unwrap();
    let query = |id: u128| storage_v2::GetTraceParams {
        trace_id: id.to_be_bytes().to_vec(),
        ..Default::default()
    };
    let request =
        storage_v2::GetTracesRequest { query: vec![query(0xdef), query(7), query(0xabc)] };
    let stream = client.get_traces(request).await.unwrap().into_inner();
    assert_eq!(messages(stream).await.unwrap(), [(0xdef, 1), (0xabc, 3)]);
    let request = storage_v2::GetTracesRequest { query: vec![query(0xdef)] };
    let mut stream = client.get_traces(request).await.unwrap().into_inner();
    let message = stream.message().await.unwrap().unwrap();
    assert!(message.resource_spans[0].scope_spans[0].spans[0].attributes.is_empty(), "adjusted");
    let request = storage_v2::GetTracesRequest { query: vec![query(7)] };
    let stream = client.get_traces(request).await.unwrap().into_inner();
    assert_eq!(messages(stream).await.unwrap(), []);
    let find = |query| storage_v2::FindTracesRequest { query: Some(query) };
    let value = Some(storage_v2::AnyValue { value: Some(Any::DoubleValue(72.5)) });
    let attributes = vec![storage_v2::KeyValue { key: "float".into(), value }];
    let tagged = storage_v2::TraceQueryParameters { attributes, ..storage_query() };
    let stream = client.find_traces(find(tagged)).await.unwrap().into_inner();
    assert_eq!(messages(stream).await.unwrap(), [(0xabc, 3)]);
    let ids = client.find_trace_i_ds(find(storage_query())).await.unwrap().into_inner().trace_ids;
    assert_eq!(ids.len(), 2);
    let payment = ids.iter().find(|one| one.trace_id == 0xabc_u128.to_be_bytes()).unwrap();
    assert_eq!(payment.start, Some(timestamp(UnixNanos(NOON - 1_000_000))));
    assert_eq!(payment.end, Some(timestamp(UnixNanos(NOON + 5_000_000))));
    let services = client.get_services(storage_v2::GetServicesRequest {}).await.unwrap();
    assert_eq!(services.into_inner().services, ["bank", "shop"]);
    let request =
        storage_v2::GetOperationsRequest { service: "bank".into(), span_kind: String::new() };
    let operations = client.get_operations(request).await.unwrap().into_inner().operations;
    assert_eq!(operations[0].span_kind, "server");
    let mut client = DependencyReaderClient::connect(url(&colony)).await.unwrap();
    let request = storage_v2::GetDependenciesRequest {
        start_time: storage_query().start_time_min,
        end_time: storage_query().start_time_max,
    };
    let links = client.get_dependencies(request).await.unwrap().into_inner().dependencies;
    assert_eq!((links[0].child.as_str(), links[0].call_count), ("bank", 1));
    let request = storage_v2::GetDependenciesRequest::default();
    assert_eq!(client.get_dependencies(request).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn wrong_requests_of_the_remote_storage_are_refused_by_name() {
    let colony = Colony::with(payment(0xabc)).await;
    let mut client = TraceReaderClient::connect(url(&colony)).await.unwrap();
    let query = storage_v2::GetTraceParams { trace_id: vec![1; 8], ..Default::default() };
    let request = storage_v2::GetTracesRequest { query: vec![query.clone()] };
    let error = client.get_traces(request).await.unwrap_err();
    assert!(error.message().contains("8 bytes, expected 16"), "{error}");
    let request = storage_v2::GetTracesRequest { query: vec![query; 1_001] };
    assert!(client.get_traces(request).await.unwrap_err().message().contains("1001"));
    let paged = storage_v2::TraceQueryParameters {
        pagination: Some(storage_v2::Unsupported {}),
        ..storage_query()
    };
    let request = storage_v2::FindTracesRequest { query: Some(paged) };
    let error = client.find_trace_i_ds(request).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Code::Unimplemented, "query.pagination is not supported")
    );
}

#[tokio::test]
async fn a_large_trace_comes_in_messages_that_every_client_accepts() {
    let big = |id: u64| Span {
        span_id: SpanId::try_from(id).unwrap(),
        name: "x".repeat(500_000),
        ..span(0xabc, id)
    };
    let colony = Colony::with((1..=20).map(big).collect()).await;
    let mut client = TraceReaderClient::connect(url(&colony)).await.unwrap();
    let query = vec![storage_v2::GetTraceParams {
        trace_id: 0xabc_u128.to_be_bytes().to_vec(),
        ..Default::default()
    }];
    let stream = client.get_traces(storage_v2::GetTracesRequest { query }).await.unwrap();
    let found = messages(stream.into_inner()).await.unwrap();
    assert!(
        found.len() >= 5 && found.iter().map(|(_, spans)| spans).sum::<usize>() == 20,
        "{found:?}"
    );
}

#[tokio::test]
async fn an_rpc_that_a_colony_lacks_is_unimplemented() {
    let colony = Colony::with(payment(0xabc)).await;
    for path in [
        "/jaeger.storage.v2.TraceReader/FindSpans",
        "/jaeger.api_v3.QueryService/FindSpans",
        "/jaeger.api_v2.QueryService/GetServices",
    ] {
        let mut stream = TcpStream::connect(colony.address).await.unwrap();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/grpc\r\ncontent-length: 0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains("grpc-status: 12\r\n"), "{path}: {answer}");
        assert!(answer.contains("grpc-message: no such service or method"), "{path}: {answer}");
    }
}
