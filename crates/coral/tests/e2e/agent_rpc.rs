//! `coral.agent.v1.AgentService` as foreign clients, such as grpcurl, use it.

use coral_trace::UnixNanos;
use coral_wire::agent_rpc::proto::agent_service_client::AgentServiceClient;
use coral_wire::agent_rpc::proto::{QueryBeylaMetricsRequest, QueryTelemetryRequest};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use super::path::reference_trace;
use super::process::Coral;

fn request() -> QueryBeylaMetricsRequest {
    QueryBeylaMetricsRequest { include_traces: true, ..QueryBeylaMetricsRequest::default() }
}

#[tokio::test]
async fn a_query_answers_with_messages_of_spans() {
    let agent = Coral::agent("web-1", &[]);
    assert_eq!(agent.export(&reference_trace(UnixNanos(1_795_608_000_123_456_789))), 200);
    let mut client = AgentServiceClient::connect(agent.url("agent_rpc")).await.unwrap();
    let none = client.query_beyla_metrics(QueryBeylaMetricsRequest::default()).await.unwrap();
    assert!(none.into_inner().trace_spans.is_empty(), "traces without include_traces");
    let all = client.query_beyla_metrics(request()).await.unwrap().into_inner();
    assert_eq!((all.total_traces, all.trace_spans.len()), (1, 8));
    let root = &all.trace_spans[0];
    assert_eq!(root.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!((root.parent_span_id.as_str(), root.status_code), ("", Some(200)));
    let start = root.start_time.unwrap();
    assert_eq!((start.seconds, start.nanos), (1_795_608_000, 123_456_789));
    assert_eq!(root.duration.unwrap().nanos, 200_000_000);
    assert_eq!(all.trace_spans[1].status_code, None);
    let sdk = client.query_telemetry(QueryTelemetryRequest::default()).await.unwrap();
    assert!(sdk.into_inner().trace_spans.is_empty());
}

#[tokio::test]
async fn times_services_and_ids_choose_whole_traces() {
    let agent = Coral::agent("web-1", &[]);
    assert_eq!(agent.export(&reference_trace(UnixNanos(1_795_608_000_000_000_000))), 200);
    let mut client = AgentServiceClient::connect(agent.url("agent_rpc")).await.unwrap();
    let id = "4bf92f3577b34da6a3ce929d0e0e4736".to_owned();
    for (request, spans) in [
        (QueryBeylaMetricsRequest { start_time: 1_795_608_000, ..request() }, 8),
        (QueryBeylaMetricsRequest { start_time: 1_795_608_001, ..request() }, 0),
        (QueryBeylaMetricsRequest { end_time: 1_795_608_000, ..request() }, 0),
        (QueryBeylaMetricsRequest { end_time: 1_795_608_001, ..request() }, 8),
        (QueryBeylaMetricsRequest { service_names: vec!["redis".into()], ..request() }, 8),
        (QueryBeylaMetricsRequest { service_names: vec!["nobody".into()], ..request() }, 0),
        (QueryBeylaMetricsRequest { trace_id: id.clone(), ..request() }, 8),
        (
            QueryBeylaMetricsRequest {
                trace_id: id,
                span_id: "0000000000000004".into(),
                ..request()
            },
            1,
        ),
        (QueryBeylaMetricsRequest { trace_id: "1".repeat(32), ..request() }, 0),
    ] {
        let answer = client.query_beyla_metrics(request.clone()).await.unwrap().into_inner();
        assert_eq!(answer.trace_spans.len(), spans, "{request:?}");
    }
}

#[tokio::test]
async fn a_bad_request_is_an_invalid_argument_that_names_the_field() {
    let agent = Coral::agent("web-1", &[]);
    let mut client = AgentServiceClient::connect(agent.url("agent_rpc")).await.unwrap();
    for (request, field) in [
        (QueryBeylaMetricsRequest { trace_id: "abc".into(), ..request() }, "trace_id: 3 long"),
        (QueryBeylaMetricsRequest { max_traces: 1001, ..request() }, "max_traces: 1001"),
        (QueryBeylaMetricsRequest { start_time: 5, end_time: 5, ..request() }, "end_time: 5"),
        (QueryBeylaMetricsRequest { metric_types: vec![9], ..request() }, "metric_types: 9"),
    ] {
        let status = client.query_beyla_metrics(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().starts_with(field), "{}", status.message());
    }
}

#[tokio::test]
async fn health_and_reflection_are_on() {
    let agent = Coral::agent("web-1", &[]);
    let channel = tonic::transport::Endpoint::from_shared(agent.url("agent_rpc")).unwrap();
    let channel = channel.connect().await.unwrap();
    let service = "coral.agent.v1.AgentService".to_owned();
    let health = HealthClient::new(channel.clone()).check(HealthCheckRequest { service }).await;
    assert_eq!(health.unwrap().into_inner().status, 1);
    let list = ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..ServerReflectionRequest::default()
    };
    let mut client = ServerReflectionClient::new(channel);
    let answers = client.server_reflection_info(tokio_stream::iter([list])).await.unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(services)) = answer.message_response else {
        panic!("{answer:?}")
    };
    let names: Vec<String> = services.service.into_iter().map(|service| service.name).collect();
    assert!(names.contains(&"coral.agent.v1.AgentService".to_owned()), "{names:?}");
}

#[tokio::test]
async fn no_answer_is_larger_than_a_grpc_client_takes_and_pages_leave_nothing_out() {
    let agent = Coral::agent("web-1", &[]);
    let template = reference_trace(UnixNanos(1_795_608_000_000_000_000)).remove(0);
    let spans: Vec<_> = (1..=40_000u64)
        .map(|id| coral_trace::Span {
            trace_id: u128::from(1 + id / 10).try_into().unwrap(),
            span_id: id.try_into().unwrap(),
            ..template.clone()
        })
        .collect();
    assert_eq!(agent.export(&spans), 200);
    // The client accepts answers of at most 4 MiB.
    let mut client = AgentServiceClient::connect(agent.url("agent_rpc")).await.unwrap();
    let many = QueryBeylaMetricsRequest { max_traces: 1_000, ..request() };
    let answer = client.query_beyla_metrics(many).await.unwrap().into_inner();
    assert!(answer.total_traces >= 900, "{}", answer.total_traces);
    for span_encoding in [0, 1] {
        let (mut after, mut seen) = (0, 0);
        loop {
            let page =
                QueryBeylaMetricsRequest { after_receipt: Some(after), span_encoding, ..request() };
            let answer = client.query_beyla_metrics(page).await.unwrap().into_inner();
            let page = answer.page.unwrap();
            seen += page.spans;
            after = page.next_receipt;
            if !page.has_more {
                break;
            }
        }
        assert_eq!(seen, 40_000);
    }
}
