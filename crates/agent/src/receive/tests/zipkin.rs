//! Zipkin's `POST /api/v2/spans`: every status, by the same limits, token, privacy and counters as
//! OTLP.

use coral_server::door::hosts::AllowedHosts;
use coral_trust::secret::SecretHash;
use reqwest::{Client, Response};
use sha2::{Digest as _, Sha256};

use super::*;

const ONE: &str = r#"{"traceId":"5af7183fb1d4cf5f","id":"352bff9a74ca9ad2","name":"get",
    "tags":{"http.url":"http://shop/cart?card=4111"}}"#;

async fn post(running: &Running, headers: &[(&str, &str)], body: Vec<u8>) -> Response {
    post_to(running, "/api/v2/spans", headers, body).await
}

async fn post_to(
    running: &Running,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Response {
    let url = format!("http://{}{path}", running.http);
    let mut request = Client::new().post(url).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    in_time(request.send()).await.unwrap()
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn a_list_of_spans_is_accepted_after_the_commit_and_without_private_data() {
    let (running, mut outlet) = receiver(LIMITS).await;
    let body = gzip(format!("[{ONE}]").as_bytes());
    let answer = post(&running, &[JSON, ("content-encoding", "gzip")], body);
    let writer = async {
        let export = outlet.recv().await.unwrap();
        assert_eq!(
            export.items.to_spans()[0].attributes.text("http.url"),
            Some("http://shop/cart")
        );
        assert_eq!(running.spans("stored"), 0);
        export.exporter.answer(Ok(ExportCounts { new: 1, duplicate: 0, grown: 0 }));
    };
    let (answer, ()) = tokio::join!(answer, writer);
    assert_eq!(answer.status(), 202);
    assert_eq!(answer.text().await.unwrap(), "");
    assert_eq!((running.spans("received"), running.spans("stored")), (1, 1));
    assert_eq!(running.requests("http.accepted"), 1);
    running.ends().await;
}

#[tokio::test]
async fn what_is_no_list_of_spans_is_refused_with_the_reason_as_text() {
    let running = receiver_and_writer(LIMITS, Ok(())).await;
    let large = vec![b' '; (1 << 20) + 1];
    type Case<'a> = (&'a [(&'a str, &'a str)], Vec<u8>, u16, &'a str);
    let cases: [Case<'_>; 9] = [
        (&[JSON], b"{}".to_vec(), 400, "not a list of Zipkin v2 spans: malformed JSON at line 1"),
        (&[JSON], br#"[{"binaryAnnotations":[]}]"#.to_vec(), 400, "only the v2 format is read"),
        (&[JSON, ("content-encoding", "gzip")], b"[]".to_vec(), 400, "not valid gzip"),
        (&[("content-type", "application/x-protobuf")], vec![], 415, "use `application/json`"),
        (&[], b"[]".to_vec(), 415, "content type `` is not accepted"),
        (&[JSON, ("content-encoding", "br")], b"[]".to_vec(), 415, "use `gzip`"),
        (&[JSON], large, 413, "send smaller batches"),
        (&[JSON, ("content-encoding", "gzip")], bomb(gzip), 413, "send smaller batches"),
        (&[JSON], b"[7]".to_vec(), 400, "expected a span"),
    ];
    for (headers, body, status, text) in cases {
        let answer = post(&running, headers, body).await;
        assert_eq!(answer.status().as_u16(), status, "{text}");
        assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
        let body = answer.text().await.unwrap();
        assert!(body.contains(text), "{text}: {body}");
    }
    assert_eq!(running.spans("received"), 0);
    running.ends().await;
}

#[tokio::test]
async fn an_empty_list_and_an_empty_body_are_accepted_as_by_zipkin() {
    let running = receiver_and_writer(LIMITS, Ok(())).await;
    for body in ["[]", ""] {
        assert_eq!(post(&running, &[JSON], body.into()).await.status(), 202);
    }
    running.ends().await;
}

#[tokio::test]
async fn parameters_of_the_url_are_ignored_as_by_zipkin() {
    let running = receiver_and_writer(LIMITS, Ok(())).await;
    let body = format!("[{ONE}]");
    let answer = post_to(&running, "/api/v2/spans?x=1", &[JSON], body.into()).await;
    assert_eq!((answer.status().as_u16(), running.spans("stored")), (202, 1));
    running.ends().await;
}

#[tokio::test]
async fn of_a_list_with_an_invalid_span_the_others_are_stored_and_the_answer_says_so() {
    let running = receiver_and_writer(LIMITS, Ok(())).await;
    let body = format!(r#"[{ONE},{{"traceId":"x","id":"1","name":"bad"}}]"#);
    let answer = post(&running, &[JSON], body.into()).await;
    assert_eq!(answer.status(), 400);
    let expected = "1 span refused: traceId: 'x' is not a hex digit (first: span `bad`). All others \
                    are stored\n";
    assert_eq!(answer.text().await.unwrap(), expected);
    let counts = ["received", "stored", "refused.invalid"].map(|name| running.spans(name));
    assert_eq!(counts, [2, 1, 1]);
    running.ends().await;
}

#[tokio::test]
async fn a_full_queue_asks_to_retry() {
    let running = receiver_and_writer(LIMITS, Err(busy())).await;
    let answer = post(&running, &[JSON], format!("[{ONE}]").into()).await;
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "2");
    assert_eq!((running.spans("received"), running.spans("refused.busy")), (1, 1));
    running.ends().await;
}

#[tokio::test]
async fn a_token_that_exporters_need_is_needed_here_too() {
    let token = Some(SecretHash(Sha256::digest("secret").into()));
    let access = Access { token, ..Access::default() };
    let (running, _outlet) = receiver_with(LIMITS, access).await;
    let answer = post(&running, &[JSON], b"[]".to_vec()).await;
    assert_eq!(answer.status(), 401);
    let token = ("authorization", "Bearer secret");
    assert_eq!(post(&running, &[JSON, token], b"[]".to_vec()).await.status(), 202);
    running.ends().await;
}

/// A browser adds `Origin` to each POST. A page whose name was rebound to this address sends its own
/// name there and in `Host`.
#[tokio::test]
async fn a_page_of_another_site_exports_nothing_and_one_of_a_name_of_this_host_does() {
    let sites = AllowedHosts::of_this_host(&["shop.example".to_owned()], "agent.allowed_hosts");
    let access = Access { sites, ..Access::default() };
    let (running, _outlet) = receiver_with(LIMITS, access).await;
    for origin in ["http://evil.example:4318", "https://shop.example.evil.example", "null", ""] {
        let (host, origin) = (("host", "evil.example:4318"), ("origin", origin));
        let answer = post(&running, &[JSON, host, origin], b"[]".to_vec()).await;
        assert_eq!(answer.status(), 403, "{origin:?}");
        let reason = answer.text().await.unwrap();
        assert!(reason.contains("`agent.allowed_hosts`"), "{reason}");
        for (kind, port) in
            [("application/x-protobuf", running.http), ("application/grpc", running.grpc)]
        {
            let url = match kind {
                "application/grpc" => format!(
                    "http://{port}/opentelemetry.proto.collector.trace.v1.TraceService/Export"
                ),
                _ => format!("http://{port}/v1/traces"),
            };
            let request = Client::new().post(url).header("content-type", kind);
            let request = request.header("origin", origin.1).body(export(1, 0));
            let answer = in_time(request.send()).await.unwrap();
            let code = answer.headers().get("grpc-status").map(|code| code.as_bytes().to_vec());
            let is_denied = answer.status() == 403 || code.as_deref() == Some(b"7");
            assert!(is_denied, "{kind} {origin:?}: {answer:?}");
        }
    }
    assert_eq!(running.requests("http.refused.foreign_page"), 8);
    assert_eq!(running.requests("grpc.refused.foreign_page"), 4);
    assert_eq!(running.spans("received"), 0);
    for origin in ["https://shop.example", "http://localhost:3000", "http://127.0.0.1:4318"] {
        let answer = post(&running, &[JSON, ("origin", origin)], b"[]".to_vec()).await;
        assert_eq!(answer.status(), 202, "{origin}");
    }
    running.ends().await;
}
