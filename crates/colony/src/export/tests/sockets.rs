//! The client over real sockets: receivers that answer well, hang, or cut the connection.

use std::net::SocketAddr;

use coral_wire::otlp_service::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse, TraceService,
    TraceServiceServer,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tonic::{Request, Response, Status};

use super::super::batch::encode;
use super::super::client::OtlpClient;
use super::*;

/// Listens on loopback, reads one request over HTTP/1.1 of each connection, and answers with the
/// next of `answers`: bytes, or nothing but the end of the connection.
async fn http_target(answers: Vec<Option<&'static str>>) -> (SocketAddr, JoinSet<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut heads = Vec::new();
        for answer in answers {
            let mut stream = listener.accept().await.unwrap().0;
            heads.push(read_request(&mut stream).await);
            if let Some(answer) = answer {
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
        heads
    });
    (address, serving)
}

/// Reads a request, and returns its head.
async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let mut read = Vec::new();
    let end = loop {
        assert!(stream.read_buf(&mut read).await.unwrap() > 0, "the request broke off");
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
    };
    let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    while read.len() < end + 4 + length.parse::<usize>().unwrap() {
        assert!(stream.read_buf(&mut read).await.unwrap() > 0, "the body broke off");
    }
    head
}

fn client(url: &str, more: &str) -> OtlpClient {
    let text = format!(r#"[{{"name": "tempo", "otlp": "{url}"{more}}}]"#);
    let config = export_targets(&serde_json::from_str(&text).unwrap()).unwrap().remove(0);
    OtlpClient::new(Arc::new(Target::open(&config, None, false).unwrap()))
}

fn spans() -> Vec<Span> {
    (1..=3).map(numbered).collect()
}

const BUSY: &str =
    "HTTP/1.1 503 Service Unavailable\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n";
const TAKEN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

#[tokio::test]
async fn a_receiver_over_http_is_busy_cuts_the_connection_and_takes_the_request_at_last() {
    let answers = vec![Some(BUSY), None, Some("HTTP/1.1 401 Unauthorized\r\n\r\n"), Some(TAKEN)];
    let (address, mut serving) = http_target(answers).await;
    let more = r#", "protocol": "http", "headers": {"X-Scope-OrgID": "team"}"#;
    let mut client = client(&format!("http://{address}"), more);
    let body = encode(&spans(), coral_config::ExportProtocol::Http, true);
    let mut remedies = Vec::new();
    let taken = loop {
        match client.deliver(body.clone()).await {
            Ok(taken) => break taken,
            Err(refusal) => remedies.push(refusal.remedy),
        }
    };
    assert_eq!(taken, PartialSuccess::default());
    let busy = Remedy::Repeat(Some(Duration::from_secs(3)));
    assert_eq!(remedies, [busy, Remedy::Repeat(None), Remedy::Change]);
    for head in serving.join_next().await.unwrap().unwrap() {
        assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
        for line in [
            &format!("host: {address}"),
            "content-type: application/x-protobuf",
            "content-encoding: gzip",
            "x-scope-orgid: team",
        ] {
            assert!(head.lines().any(|one| one == line), "{line} is not in {head}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_does_not_answer_is_given_up_after_a_while() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    for protocol in ["http", "grpc"] {
        let mut client = client(&url, &format!(r#", "protocol": "{protocol}""#));
        let refusal = client.deliver(Bytes::from_static(b"\0\0\0\0\0")).await.unwrap_err();
        assert_eq!(refusal.remedy, Remedy::Repeat(None), "{refusal}");
    }
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_no_end_of_the_export() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut client = client(&url, r#", "protocol": "grpc""#);
    let refusal = client.deliver(Bytes::from_static(b"\0\0\0\0\0")).await.unwrap_err();
    assert!(refusal.reason.starts_with("the target cannot be reached: "), "{refusal}");
    assert_eq!(refusal.remedy, Remedy::Repeat(None));
}

/// A receiver over gRPC, which is busy once and then rejects one span of each request.
struct Partial(std::sync::atomic::AtomicU32);

#[tonic::async_trait]
impl TraceService for Partial {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        if self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
            let (code, wait) = (tonic::Code::Unavailable, Duration::from_secs(4));
            return Err(coral_wire::status::retry_info_details(code, "too busy", wait));
        }
        assert_eq!(request.metadata().get("x-scope-orgid").unwrap(), "team");
        let spans = request.into_inner().resource_spans.into_iter().flat_map(|of| of.scope_spans);
        let n_spans = spans.map(|scope| scope.spans.len()).sum::<usize>();
        let error_message = format!("one of {n_spans} is too old");
        let partial = ExportTracePartialSuccess { rejected_spans: 1, error_message };
        Ok(Response::new(ExportTraceServiceResponse { partial_success: Some(partial) }))
    }
}

#[tokio::test]
async fn a_receiver_over_grpc_says_when_to_come_back_and_which_spans_it_rejects() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    let service = TraceServiceServer::new(Partial(0.into()));
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let server = tonic::transport::Server::builder().add_service(service);
        server.serve_with_incoming(incoming).await.unwrap();
    });
    let more =
        r#", "protocol": "grpc", "headers": {"x-scope-orgid": "team"}, "compression": "none""#;
    let mut client = client(&url, more);
    let body = encode(&spans(), coral_config::ExportProtocol::Grpc, false);
    let refusal = client.deliver(body.clone()).await.unwrap_err();
    assert_eq!(refusal.remedy, Remedy::Repeat(Some(Duration::from_secs(4))));
    assert_eq!(refusal.reason, "the target answers UNAVAILABLE: too busy");
    let taken = client.deliver(body).await.unwrap();
    assert_eq!((taken.rejected_spans, taken.message.as_str()), (1, "one of 3 is too old"));
    serving.shutdown().await;
}
