//! OTLP/gRPC: every status, and OpenTelemetry's own exporters.

use std::time::{Duration, SystemTime};

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry_otlp::{
    Compression, Protocol, SpanExporter, WithExportConfig as _, WithTonicConfig as _,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use reqwest::{Client, Response};
use tonic::codec::CompressionEncoding;
use tonic::{Code, transport::Channel};

use super::*;

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

async fn client(running: &Running) -> TraceServiceClient<Channel> {
    TraceServiceClient::connect(format!("http://{}", running.grpc)).await.unwrap()
}

fn decoded(bytes: Vec<u8>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap()
}

#[tokio::test]
async fn an_export_is_accepted_with_every_compression() {
    use CompressionEncoding::{Gzip, Zstd};
    let running = receiver_and_writer(LIMITS, Ok(())).await;
    let plain = client(&running).await;
    let with = |coding| plain.clone().send_compressed(coding).accept_compressed(coding);
    for mut client in [plain.clone(), with(Gzip), with(Zstd)] {
        let answer = client.export(decoded(export(2, 0))).await.unwrap();
        assert_eq!(answer.into_inner().partial_success, None);
        let partial = client.export(decoded(export(2, 1))).await.unwrap();
        assert_eq!(partial.into_inner().partial_success.unwrap().rejected_spans, 1);
    }
    assert_eq!((running.spans("received"), running.spans("stored")), (15, 12));
    assert_eq!(running.requests("grpc.accepted"), 6);
    running.ends().await;
}

/// A gRPC frame with one message.
fn frame(compressed: u8, message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u32).to_be_bytes();
    [&[compressed], &length[..], message].concat()
}

async fn call(to: SocketAddr, path: &str, encoding: &str, body: Vec<u8>) -> Response {
    let client = Client::builder().http2_prior_knowledge().build().unwrap();
    let request = client
        .post(format!("http://{to}{path}"))
        .header("content-type", "application/grpc+proto")
        .header("te", "trailers")
        .header("grpc-encoding", encoding)
        .body(body);
    in_time(request.send()).await.unwrap()
}

#[tokio::test]
async fn a_call_that_is_not_an_export_is_refused_with_the_reason() {
    let running = receiver_and_writer(LIMITS, Ok(())).await;
    let good = || frame(0, &export(1, 0));
    let logs = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
    let large = vec![0; LIMITS.body_bytes + 1];
    let rows = [
        (logs, "identity", frame(0, &[]), Code::Unimplemented),
        (EXPORT, "br", good(), Code::Unimplemented),
        (EXPORT, "identity", frame(0, b"\x0a\xffno protobuf"), Code::InvalidArgument),
        (EXPORT, "gzip", frame(1, b"no gzip"), Code::InvalidArgument),
        (EXPORT, "zstd", frame(1, b"no zstd"), Code::InvalidArgument),
        (EXPORT, "identity", frame(1, &export(1, 0)), Code::Internal),
        (EXPORT, "gzip", frame(2, &gzip(&export(1, 0))), Code::Internal),
        (EXPORT, "identity", vec![], Code::Internal),
        (EXPORT, "identity", vec![0, 0, 0, 0, 9], Code::Internal),
        (EXPORT, "identity", [good(), good()].concat(), Code::Internal),
        (EXPORT, "identity", frame(0, &large), Code::ResourceExhausted),
        (EXPORT, "gzip", frame(1, &gzip(&large)), Code::ResourceExhausted),
        (EXPORT, "zstd", frame(1, &bomb(zstd)), Code::ResourceExhausted),
        (EXPORT, "gzip", frame(1, &bomb(gzip)[..1 << 20]), Code::ResourceExhausted),
    ];
    for (path, encoding, body, code) in rows {
        let about = format!("{path} {encoding} {:?}", &body[..body.len().min(20)]);
        let response = call(running.grpc, path, encoding, body).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap();
        assert_eq!((response.status().as_u16(), header("content-type")), (200, "application/grpc"));
        assert_eq!(header("grpc-status"), (code as i32).to_string(), "{about}");
        assert!(!header("grpc-message").is_empty(), "{about}");
        assert_eq!(header("grpc-accept-encoding"), "identity,gzip,zstd");
        assert!(!response.headers().contains_key("grpc-status-details-bin"), "{about}");
    }
    // An uncompressed frame is valid whatever the encoding of the call is.
    assert_eq!(call(running.grpc, EXPORT, "gzip", good()).await.status(), 200);
    assert_eq!((running.spans("received"), running.spans("stored")), (1, 1));
    running.ends().await;
}

#[tokio::test]
async fn a_refused_exporter_is_told_when_to_retry() {
    let tight = Limits { in_flight_bytes: 8, ..LIMITS };
    let no_room = receiver_and_writer(tight, Ok(())).await;
    let busy = receiver_and_writer(LIMITS, Err(busy())).await;
    let full = receiver_and_writer(LIMITS, Err(disk_full())).await;
    let (stopping, outlet) = receiver(LIMITS).await;
    drop(outlet);
    let rows = [
        (no_room, "too many bodies are in flight", "busy"),
        (busy, "the ingest queue is full", "busy"),
        (full, "cannot store this export: the disk is full", "cannot_store"),
        (stopping, "the agent is shutting down", "shutting_down"),
    ];
    for (running, text, count) in rows {
        let status = client(&running).await.export(decoded(export(3, 0))).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Unavailable, text));
        let details = String::from_utf8_lossy(status.details());
        assert!(details.contains("google.rpc.RetryInfo"), "{text}: {details}");
        assert_eq!(running.requests(&format!("grpc.refused.{count}")), 1);
        running.ends().await;
    }
}

#[tokio::test]
async fn either_port_serves_either_protocol() {
    let running = receiver_and_writer(LIMITS, Ok(())).await;
    let call = call(running.http, EXPORT, "identity", frame(0, &export(1, 0))).await;
    assert_eq!(call.headers()["content-type"], "application/grpc");
    let post = Client::new()
        .post(format!("http://{}/v1/traces", running.grpc))
        .header("content-type", "application/json")
        .body(json());
    assert_eq!(post.send().await.unwrap().status(), 200);
    assert_eq!(running.spans("stored"), 2);
    running.ends().await;
}

#[tokio::test]
async fn opentelemetrys_own_exporters_are_supported() {
    let (running, mut outlet) = receiver(LIMITS).await;
    let grpc = || {
        let endpoint = format!("http://{}", running.grpc);
        SpanExporter::builder().with_tonic().with_endpoint(endpoint)
    };
    let exporters = [
        grpc().build().unwrap(),
        grpc().with_compression(Compression::Gzip).build().unwrap(),
        grpc().with_compression(Compression::Zstd).build().unwrap(),
        SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(running.http_url())
            .build()
            .unwrap(),
    ];
    for exporter in exporters {
        let (sent, ()) = tokio::join!(exporter.export(vec![sdk_span()]), async {
            let export = in_time(outlet.recv()).await.unwrap();
            assert_eq!(export.items.to_spans()[0].name, "POST /checkout");
            assert_eq!(export.items.to_spans()[0].trace_id.as_u128(), 0x4bf9);
            export.exporter.answer(Ok(ExportCounts { new: 1, duplicate: 0, grown: 0 }));
        });
        sent.unwrap();
    }
    running.ends().await;
}

#[tokio::test]
async fn opentelemetrys_own_exporter_retries_a_refused_export() {
    let (running, mut outlet) = receiver(LIMITS).await;
    let endpoint = format!("http://{}", running.grpc);
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build().unwrap();
    let retry_after = Duration::from_millis(1);
    let (sent, ()) = tokio::join!(exporter.export(vec![sdk_span()]), async {
        let refused = in_time(outlet.recv()).await.unwrap();
        refused.exporter.answer(Err(Refusal::Busy { retry_after }));
        let repeated = in_time(outlet.recv()).await.unwrap();
        repeated.exporter.answer(Ok(ExportCounts { new: 1, duplicate: 0, grown: 0 }));
    });
    sent.unwrap();
    assert_eq!((running.spans("received"), running.spans("refused.busy")), (2, 1));
    running.ends().await;
}

fn sdk_span() -> SpanData {
    SpanData {
        span_context: SpanContext::new(
            TraceId::from(0x4bf9_u128),
            SpanId::from(0xb7ad_u64),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        ),
        parent_span_id: SpanId::INVALID,
        parent_span_is_remote: false,
        span_kind: SpanKind::Server,
        name: "POST /checkout".into(),
        start_time: SystemTime::UNIX_EPOCH,
        end_time: SystemTime::UNIX_EPOCH + Duration::from_millis(1200),
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::default(),
    }
}
