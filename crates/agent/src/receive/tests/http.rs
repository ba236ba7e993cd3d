//! OTLP/HTTP: every status.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use reqwest::{Client, Method, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// One request; the defaults are a valid export.
struct Case {
    method: Method,
    path: &'static str,
    content_type: &'static str,
    content_encoding: &'static str,
    body: Vec<u8>,
}

impl Default for Case {
    fn default() -> Self {
        let (method, path) = (Method::POST, "/v1/traces");
        Self { method, path, content_type: PROTOBUF, content_encoding: "", body: export(1, 0) }
    }
}

impl Case {
    async fn send(self, client: &Client, to: SocketAddr) -> Response {
        let mut request = client
            .request(self.method, format!("http://{to}{}", self.path))
            .header("content-type", self.content_type)
            .body(self.body);
        if !self.content_encoding.is_empty() {
            request = request.header("content-encoding", self.content_encoding);
        }
        in_time(request.send()).await.unwrap()
    }
}

/// Sends `case` over HTTP/1.1 and HTTP/2, and checks the status, the content type, and that `text`
/// is in the body.
async fn check(running: &Running, case: fn() -> Case, status: u16, text: &str) {
    let kind = if case().content_type.starts_with(JSON) { JSON } else { PROTOBUF };
    for client in [Client::builder(), Client::builder().http2_prior_knowledge()] {
        let response = case().send(&client.build().unwrap(), running.http).await;
        let (found, found_kind) =
            (response.status(), response.headers()["content-type"].to_str().unwrap().to_owned());
        let body = response.bytes().await.unwrap();
        let body = String::from_utf8_lossy(&body);
        assert_eq!((found.as_u16(), found_kind.as_str()), (status, kind), "{text}: {body}");
        assert!(body.contains(text), "{text}: {body}");
    }
}

#[tokio::test]
async fn every_encoding_is_accepted_with_every_compression() {
    let running = receiver_and_writer(LIMITS, Ok(())).await;
    let cases: [fn() -> Case; 11] = [
        Case::default,
        || Case { content_encoding: "identity", ..Case::default() },
        || Case { content_encoding: "gzip", body: gzip(&export(1, 0)), ..Case::default() },
        || Case { content_encoding: "ZSTD", body: zstd(&export(1, 0)), ..Case::default() },
        || Case { body: zstd(&export(1, 0)), content_encoding: "zstd", ..Case::default() },
        || Case { content_type: "Application/X-Protobuf; v=1", ..Case::default() },
        || Case { content_type: JSON, body: json(), ..Case::default() },
        || Case {
            content_type: "application/json; charset=utf-8",
            body: json(),
            ..Case::default()
        },
        || Case {
            content_type: JSON,
            content_encoding: "gzip",
            body: gzip(&json()),
            ..Case::default()
        },
        || Case {
            content_type: JSON,
            content_encoding: "zstd",
            body: zstd(&json()),
            ..Case::default()
        },
        || Case { body: gzip(&export(1, 0)), content_encoding: " gzip ", ..Case::default() },
    ];
    for case in cases {
        check(&running, case, 200, "").await;
    }
    assert_eq!((running.spans("received"), running.spans("stored")), (22, 22));
    assert_eq!(running.requests("http.accepted"), 22);
    running.ends().await;
}

/// A request, its status, and a part of the answer's text.
type Row = (fn() -> Case, u16, &'static str);

#[tokio::test]
async fn a_request_that_is_not_an_export_is_refused_with_the_reason() {
    let running = receiver_and_writer(LIMITS, Ok(())).await;
    let rows: [Row; 15] = [
        (|| Case { path: "/v1/logs", ..Case::default() }, 404, "no service at `/v1/logs`"),
        (|| Case { path: "/", method: Method::GET, ..Case::default() }, 404, "`/v1/traces`"),
        (|| Case { method: Method::PUT, ..Case::default() }, 405, "`PUT` is not allowed; use POST"),
        (|| Case { method: Method::GET, body: vec![], ..Case::default() }, 405, "use POST"),
        (
            || Case { content_type: "text/plain", ..Case::default() },
            415,
            "`application/x-protobuf`",
        ),
        (|| Case { content_type: "", ..Case::default() }, 415, "content type `` is not accepted"),
        (
            || Case { content_encoding: "br", ..Case::default() },
            415,
            "`br` is not accepted; use `gzip`",
        ),
        (|| Case { content_encoding: "gzip, gzip", ..Case::default() }, 415, "`gzip, gzip`"),
        (|| Case { content_encoding: "gzip", ..Case::default() }, 400, "not valid gzip: "),
        (|| Case { content_encoding: "zstd", ..Case::default() }, 400, "not valid zstd: "),
        (
            || Case { content_encoding: "zstd", body: cut(zstd(&json())), ..Case::default() },
            400,
            "zstd",
        ),
        (
            || Case { content_encoding: "gzip", body: cut(gzip(&json())), ..Case::default() },
            400,
            "gzip",
        ),
        (
            || Case { body: b"\x0a\xffno protobuf".to_vec(), ..Case::default() },
            400,
            "not an OTLP export",
        ),
        (
            || Case { content_type: JSON, body: cut(json()), ..Case::default() },
            400,
            "not an OTLP export",
        ),
        (|| Case { content_encoding: "zstd", body: wide_zstd(), ..Case::default() }, 400, "zstd: "),
    ];
    for (case, status, text) in rows {
        check(&running, case, status, text).await;
    }
    assert_eq!(running.spans("received"), 0);
    assert_eq!(running.requests("http.refused.content_type"), 4);
    assert_eq!(running.requests("http.refused.undecodable"), 14);
    running.ends().await;
}

#[tokio::test]
async fn a_refusal_lists_the_methods_and_compressions_that_are_accepted() {
    let running = receiver_and_writer(LIMITS, Ok(())).await;
    let client = Client::new();
    let put = Case { method: Method::PUT, ..Case::default() };
    assert_eq!(put.send(&client, running.http).await.headers()["allow"], "POST");
    let brotli = Case { content_encoding: "br", ..Case::default() };
    let refused = brotli.send(&client, running.http).await;
    assert_eq!(refused.headers()["accept-encoding"], "identity,gzip,zstd");
    running.ends().await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_in_every_form() {
    let running = receiver_and_writer(LIMITS, Ok(())).await;
    let rows: [fn() -> Case; 4] = [
        || Case { body: vec![0; LIMITS.body_bytes + 1], ..Case::default() },
        || Case { body: vec![0; 5 * LIMITS.body_bytes], ..Case::default() },
        || Case { body: bomb(zstd), content_encoding: "zstd", ..Case::default() },
        // The compressed size is exactly the limit.
        || Case {
            body: bomb(gzip)[..1 << 20].to_vec(),
            content_encoding: "gzip",
            ..Case::default()
        },
    ];
    // The requests are repeated, because the memory of a decompression bomb must be returned to the
    // budget.
    for case in [rows, rows, rows].into_iter().flatten() {
        check(&running, case, 413, "larger than 1048576 bytes").await;
    }
    check(&running, Case::default, 200, "").await;
    assert_eq!(running.requests("http.refused.too_large"), 24);
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
        (no_room, 429, "1", "too many bodies are in flight", "busy"),
        (busy, 429, "2", "the ingest queue is full", "busy"),
        (full, 503, "7", "cannot store this export: the disk is full", "cannot_store"),
        (stopping, 503, "5", "the agent is shutting down", "shutting_down"),
    ];
    for (running, status, retry_after, text, count) in rows {
        check(&running, Case::default, status, text).await;
        let response = Case::default().send(&Client::new(), running.http).await;
        assert_eq!(response.headers()["retry-after"], retry_after, "{text}");
        assert_eq!(running.requests(&format!("http.refused.{count}")), 3);
        running.ends().await;
    }
}

#[tokio::test]
async fn valid_spans_are_stored_even_if_others_of_the_request_are_invalid() {
    let running = receiver_and_writer(LIMITS, Ok(())).await;
    for (valid, invalid) in [(2, 1), (0, 3), (1, 0)] {
        let case = Case { body: export(valid, invalid), ..Case::default() };
        let response = case.send(&Client::new(), running.http).await;
        assert_eq!(response.status(), 200);
        let body = response.bytes().await.unwrap();
        let partial = ExportTraceServiceResponse::decode(body).unwrap().partial_success;
        let rejected = partial.as_ref().map(|partial| partial.rejected_spans);
        assert_eq!(rejected, (invalid > 0).then_some(invalid as i64));
        assert!(partial.is_none_or(|partial| !partial.error_message.is_empty()));
    }
    assert_eq!((running.spans("stored"), running.spans("refused.invalid")), (3, 4));
    running.ends().await;
}

#[tokio::test]
async fn an_empty_body_is_an_empty_export() {
    let running = receiver_and_writer(LIMITS, Ok(())).await;
    let rows: [fn() -> Case; 4] = [
        || Case { body: vec![], ..Case::default() },
        || Case { body: vec![], content_type: JSON, ..Case::default() },
        || Case {
            body: gzip(&[]),
            content_type: JSON,
            content_encoding: "gzip",
            ..Case::default()
        },
        || Case { body: b"{}".to_vec(), content_type: JSON, ..Case::default() },
    ];
    for case in rows {
        check(&running, case, 200, "").await;
    }
    assert_eq!(running.spans("received"), 0);
    running.ends().await;
}

/// Writes `request`, and returns everything that the server sends until it closes the connection.
async fn raw(to: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    in_time(stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_chunked_body_needs_no_content_length() {
    let running = receiver_and_writer(LIMITS, Ok(())).await;
    let body = export(1, 0);
    let mut request = b"POST /v1/traces HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
        content-type: application/x-protobuf\r\ntransfer-encoding: chunked\r\n\r\n"
        .to_vec();
    for byte in &body {
        request.extend_from_slice(&[b'1', b'\r', b'\n', *byte, b'\r', b'\n']);
    }
    request.extend_from_slice(b"0\r\n\r\n");
    assert!(raw(running.http, &request).await.starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(running.spans("stored"), 1);
    running.ends().await;
}

#[tokio::test]
async fn a_client_that_is_too_slow_is_refused() {
    let moment = Duration::from_millis(50);
    let hasty = Limits { body_timeout: moment, headers_timeout: moment, ..LIMITS };
    let running = receiver_and_writer(hasty, Ok(())).await;
    let head = "POST /v1/traces HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
    let body_cut = format!("{head}content-length: 100\r\n\r\n{{");
    assert!(raw(running.http, body_cut.as_bytes()).await.starts_with("HTTP/1.1 408 "));
    assert_eq!(running.requests("http.refused.too_slow"), 1);
    for silence in ["", head] {
        assert_eq!(raw(running.http, silence.as_bytes()).await, "", "{silence}");
    }
    running.ends().await;
}

/// A frame with a window of 16 MiB, which decoders of web content need not support.
fn wide_zstd() -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(24).unwrap();
    std::io::Write::write_all(&mut encoder, &export(1, 0)).unwrap();
    encoder.finish().unwrap()
}

/// The first half of `bytes`.
fn cut(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() / 2);
    bytes
}
