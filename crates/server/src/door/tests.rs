//! The door over real sockets: raw requests in, raw responses out.

use std::convert::Infallible;
use std::io::Read as _;
use std::net::SocketAddr;

use axum::routing::{get, post};
use axum::{Extension, Json};
use bytes::Bytes;
use flate2::read::GzDecoder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::identity::Caller;
use crate::listen;
use crate::refusal::ApiError;

const HINT: &str = "see /api/v1/openapi.json";

fn door() -> Door {
    let hosts = AllowedHosts::of_this_host(&["colony.example".to_owned()], "colony.allowed_hosts");
    let large = async || Json(vec!["the same"; 10_000]);
    let named = async |Extension(caller): Extension<Caller>| caller.proof;
    let grpc = post(async || ([("content-type", "application/grpc")], "x".repeat(10_000)));
    let both = get(async || "read").post(async || "written");
    Door::new(hosts, HINT)
        .route(Route::new(Method::Get, "/large", Permission::TracesRead, get(large)))
        .route(Route::new(Method::Get, "/named/{id}", Permission::WhyRead, get(named)))
        .merge([Route::new(Method::Get, "/both", Permission::StatusRead, both)])
        .rpc("a.Service", &[("Method", Permission::AgentPoll)], &grpc)
}

/// A door that serves requests until this value is dropped.
struct Open {
    address: SocketAddr,
    served: tokio::task::JoinSet<()>,
}

async fn open(door: Door) -> Open {
    let listener = listen::bind(([127, 0, 0, 1], 0).into(), "a test").await.unwrap();
    let address = listen::local_address(&listener);
    let mut served = tokio::task::JoinSet::new();
    served.spawn(async move {
        listen::serve(listener, None, door, CancellationToken::new()).await.unwrap();
    });
    Open { address, served }
}

impl Open {
    /// The response to a request with this head, to which a `connection` header is added.
    async fn raw(&self, head: &str) -> String {
        String::from_utf8_lossy(&self.bytes(head).await).into_owned()
    }

    async fn bytes(&self, head: &str) -> Vec<u8> {
        assert!(!self.served.is_empty());
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("{}\r\nconnection: close\r\n\r\n", head.replace('\n', "\r\n"));
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).await.unwrap();
        response
    }
}

/// Status and JSON error of a response.
fn refused(response: &str) -> (&str, ApiError) {
    let body = response.split("\r\n\r\n").nth(1).unwrap();
    (&response[9..12], serde_json::from_str(body).unwrap_or_else(|_| panic!("{response}")))
}

#[tokio::test]
async fn an_unknown_path_is_404_in_json_and_a_wrong_method_405_with_the_right_ones() {
    let open = open(door()).await;
    let unknown = open.raw("GET /nowhere HTTP/1.1\nhost: localhost").await;
    let (status, error) = refused(&unknown);
    assert_eq!((status, error.error.as_str()), ("404", "no such path: `/nowhere`"));
    assert_eq!(error.hint.as_deref(), Some(HINT));
    let wrong = open.raw("POST /large HTTP/1.1\nhost: localhost\ncontent-length: 0").await;
    assert_eq!(refused(&wrong).0, "405");
    assert!(wrong.contains("\r\nallow: GET,HEAD\r\n"), "{wrong}");
    // HEAD is GET without a body.
    let head = open.raw("HEAD /large HTTP/1.1\nhost: localhost").await;
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
}

#[tokio::test]
async fn grpc_alone_hears_that_a_method_is_unimplemented() {
    let open = open(door()).await;
    let at = |path: &str, kind: &str| {
        format!("POST {path} HTTP/1.1\nhost: localhost\ncontent-type: {kind}\ncontent-length: 0")
    };
    for path in ["/a.Service/Other", "/b.Service/Method", "/large", "/nowhere"] {
        for kind in ["application/grpc", "application/grpc+proto"] {
            let response = open.raw(&at(path, kind)).await;
            assert!(response.starts_with("HTTP/1.1 200"), "{path}: {response}");
            assert!(response.contains("\r\ngrpc-status: 12\r\n"), "{path}: {response}");
        }
        let response = open.raw(&at(path, "application/grpc-web")).await;
        assert!(response.starts_with("HTTP/1.1 40") && !response.contains("grpc-status"));
    }
    assert_eq!(refused(&open.raw(&at("/a.Service/Method", "text/plain")).await).0, "415");
    let answer = open.raw(&at("/a.Service/Method", "application/grpc")).await;
    assert!(answer.contains("xxxx"), "{answer}");
}

#[tokio::test]
async fn a_request_that_was_matched_carries_its_caller_and_a_route_takes_its_own_method_alone() {
    let table: Vec<_> = door().table().map(|(_, path, held)| format!("{path} {held}")).collect();
    let expected = [
        "/large traces.read",
        "/named/{id} why.read",
        "/both status.read",
        "/a.Service/Method agent.poll",
    ];
    assert_eq!(table, expected);
    let open = open(door()).await;
    let named = open.raw("GET /named/7 HTTP/1.1\nhost: localhost").await;
    assert!(named.ends_with("\r\n\r\nloopback"), "{named}");
    let smuggled = open.raw("POST /both HTTP/1.1\nhost: localhost\ncontent-length: 0").await;
    assert_eq!(refused(&smuggled).0, "405");
}

#[tokio::test]
async fn no_answer_over_http_is_shown_run_kept_or_read_by_another_site() {
    let own = async || ([("cache-control", "no-cache"), ("referrer-policy", "origin")], "own");
    let own = Route::new(Method::Get, "/own", Permission::PageRead, get(own));
    let open = open(door().route(own)).await;
    for head in [
        "GET /large HTTP/1.1\nhost: localhost",
        "HEAD /large HTTP/1.1\nhost: localhost",
        "GET /nowhere HTTP/1.1\nhost: localhost",
        "POST /large HTTP/1.1\nhost: localhost\ncontent-length: 0",
        "GET /large HTTP/1.1\nhost: evil.example",
        "POST /a.Service/Method HTTP/1.1\nhost: localhost\ncontent-length: 0",
    ] {
        let answer = open.raw(head).await;
        for line in [
            "content-security-policy: default-src 'none'; frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-resource-policy: same-origin",
            "cache-control: no-store",
        ] {
            let name = line.split(':').next().unwrap();
            assert_eq!(answer.matches(name).count(), 1, "{head}: {answer}");
            assert!(answer.contains(&format!("\r\n{line}\r\n")), "{head}: {answer}");
        }
        assert!(!answer.contains("access-control-"), "{head}: {answer}");
    }
    let own = open.raw("GET /own HTTP/1.1\nhost: localhost").await;
    assert!(own.contains("no-cache") && !own.contains("no-store"), "{own}");
    assert!(own.contains("referrer-policy: origin") && own.contains("nosniff"), "{own}");
    let call = "POST /a.Service/Method HTTP/1.1\nhost: localhost\ncontent-type: application/grpc\ncontent-length: 0";
    assert!(!open.raw(call).await.contains("nosniff"));
}

#[tokio::test]
async fn a_page_that_was_rebound_to_this_address_reads_nothing() {
    let open = open(door()).await;
    let port = open.address.port();
    for head in [
        "GET /large HTTP/1.1\nhost: evil.example".to_owned(),
        format!("GET /large HTTP/1.1\nhost: evil.example:{port}"),
        format!("GET http://evil.example/large HTTP/1.1\nhost: localhost:{port}"),
        "GET http://localhost/large HTTP/1.1\nhost: evil.example".to_owned(),
        "GET /large HTTP/1.1\nhost: localhost\nhost: evil.example".to_owned(),
        "GET /large HTTP/1.0\nhost: evil.example".to_owned(),
        "GET /nowhere HTTP/1.1\nhost: evil.example".to_owned(),
        // A web page may claim to send gRPC; its browser still speaks HTTP/1.1.
        "POST /a.Service/Method HTTP/1.1\nhost: evil.example\ncontent-type: application/grpc\n\
         content-length: 0"
            .to_owned(),
    ] {
        let response = open.raw(&head).await;
        let (status, error) = refused(&response);
        assert_eq!(status, "421", "{head}: {response}");
        assert!(error.error.starts_with("`evil.example"), "{}", error.error);
        assert!(error.hint.unwrap().contains("`colony.allowed_hosts`"));
        assert!(!response.contains("the same") && !response.contains("xxxx"), "{response}");
    }
    let missing = open.raw("GET /large HTTP/1.1\naccept: */*").await;
    assert_eq!(refused(&missing).0, "400");
}

#[tokio::test]
async fn a_page_of_another_site_opens_the_page_and_asks_nothing_also_where_nobody_is_asked() {
    let page = || Route::new(Method::Get, "/own", Permission::PageRead, get(async || "page"));
    let sign_in =
        || Route::new(Method::Get, "/auth", Permission::SessionChange, get(async || "page"));
    let guard = Arc::new(Guard::new().with_local_key("the key"));
    let bearer = "\nauthorization: Bearer the key";
    for (open, proof) in [
        (open(door().merge([page(), sign_in()])).await, ""),
        (open(door().merge([page(), sign_in()]).guarded(guard)).await, bearer),
    ] {
        let said = async |method: &str, path: &str, sites: &str| {
            open.raw(&format!("{method} {path} HTTP/1.1\nhost: localhost{sites}{proof}")).await
        };
        for sites in [
            "\nsec-fetch-site: cross-site",
            "\nsec-fetch-site: same-site",
            "\nsec-fetch-site: same-origin\nsec-fetch-site: cross-site",
            "\nsec-fetch-site: cross-site\nsec-fetch-mode: navigate",
        ] {
            for method in ["GET", "HEAD"] {
                let denied = said(method, "/both", sites).await;
                assert!(denied.starts_with("HTTP/1.1 403"), "{sites}: {denied}");
            }
            let denied = said("GET", "/both", sites).await;
            let (_, error) = refused(&denied);
            assert!(error.error.contains("another site") && error.hint.is_some(), "{error:?}");
            assert!(said("GET", "/own", sites).await.ends_with("page"), "{sites}");
            assert!(said("GET", "/auth", sites).await.ends_with("page"), "{sites}");
        }
        for sites in ["", "\nsec-fetch-site: same-origin", "\nsec-fetch-site: none"] {
            assert!(said("GET", "/both", sites).await.ends_with("read"), "{sites}");
        }
    }
}

#[tokio::test]
async fn a_request_to_an_address_or_to_a_name_of_this_server_is_answered() {
    let open = open(door()).await;
    let port = open.address.port();
    for head in [
        format!("GET /both HTTP/1.1\nhost: 127.0.0.1:{port}"),
        "GET /both HTTP/1.1\nhost: [::1]:9000".to_owned(),
        "GET /both HTTP/1.1\nhost: LOCALHOST.".to_owned(),
        "GET /both HTTP/1.1\nhost: Colony.Example:1".to_owned(),
        format!("GET /both HTTP/1.1\nhost: {}", own_names::own_names()[0]),
        "GET http://localhost:9000/both HTTP/1.1\nhost: localhost:9000".to_owned(),
        "GET /both HTTP/1.0".to_owned(),
    ] {
        let response = open.raw(&head).await;
        assert!(response.ends_with("\r\n\r\nread"), "{head}: {response}");
    }
}

#[tokio::test]
async fn http2_is_checked_by_its_authority_unless_it_is_grpc() {
    let open = open(door()).await;
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .no_proxy()
        .resolve("evil.example", open.address)
        .resolve("colony.example", open.address)
        .build()
        .unwrap();
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status();
    let url = |host: &str, path: &str| format!("http://{host}:{}{path}", open.address.port());
    assert_eq!(status(client.get(url("evil.example", "/both"))).await, 421);
    assert_eq!(status(client.get(url("colony.example", "/both"))).await, 200);
    let grpc = client.post(url("evil.example", "/a.Service/Method"));
    assert_eq!(status(grpc.header("content-type", "application/grpc")).await, 200);
}

fn gunzipped(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut decoder = GzDecoder::new(bytes);
    // An error is ignored: the end of the stream may be missing.
    let _ = decoder.read_to_string(&mut text);
    text
}

#[tokio::test]
async fn a_large_answer_is_compressed_for_those_who_ask_and_a_small_one_and_grpc_never() {
    let open = open(door()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let fetch = async |request: reqwest::RequestBuilder| {
        let response = request.send().await.unwrap();
        let coding = response.headers().get("content-encoding").cloned();
        (coding.is_some_and(|coding| coding == "gzip"), response.bytes().await.unwrap())
    };
    let url = |path: &str| format!("http://{}{path}", open.address);
    let gzip = |request: reqwest::RequestBuilder| request.header("accept-encoding", "br, gzip");
    let (is_gzip, plain) = fetch(client.get(url("/large"))).await;
    assert!(!is_gzip);
    let (is_gzip, packed) = fetch(gzip(client.get(url("/large")))).await;
    assert!(is_gzip && packed.len() < plain.len() / 10);
    assert_eq!(gunzipped(&packed).as_bytes(), plain);
    let refused = client.get(url("/large")).header("accept-encoding", "gzip;q=0");
    assert!(!fetch(refused).await.0);
    assert!(!fetch(gzip(client.get(url("/both")))).await.0);
    let grpc = client.post(url("/a.Service/Method")).header("content-type", "application/grpc");
    assert!(!fetch(gzip(grpc)).await.0);
}

#[tokio::test]
async fn a_compressed_stream_comes_as_it_is_made() {
    let (rows, stream) = mpsc::channel::<Result<Bytes, Infallible>>(1);
    let stream = std::sync::Mutex::new(Some(ReceiverStream::new(stream)));
    let stream = Arc::new(stream);
    let sql = post(async move || {
        let stream = stream.lock().unwrap().take().unwrap();
        ([("content-type", "application/json")], axum::body::Body::from_stream(stream))
    });
    let hosts = AllowedHosts::of_this_host(&[], "colony.allowed_hosts");
    let door = Door::new(hosts, HINT);
    let open = open(door.route(Route::new(Method::Post, "/sql", Permission::SqlRead, sql))).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}/sql", open.address);
    rows.send(Ok(Bytes::from_static(b"row 1,"))).await.unwrap();
    let mut response = client.post(url).header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let mut packed = Vec::new();
    for row in ["row 1,", "row 2,", "row 3,"] {
        // The next row is sent only after this row was received.
        while !gunzipped(&packed).ends_with(row) {
            let piece = tokio::time::timeout(std::time::Duration::from_secs(10), response.chunk());
            packed.extend(
                piece.await.expect("the row did not come").unwrap().expect("the stream ended"),
            );
        }
        let next = if row == "row 1," { "row 2," } else { "row 3," };
        rows.send(Ok(Bytes::from_static(next.as_bytes()))).await.unwrap();
    }
}

/// Answers how many bytes were received, or why not all.
async fn counted(body: axum::body::Body) -> axum::response::Response {
    match axum::body::to_bytes(body, usize::MAX).await {
        Ok(body) => axum::response::IntoResponse::into_response(format!("{} bytes", body.len())),
        Err(error) => {
            let error = body::BodyError::of(&error).unwrap();
            crate::refusal::refusal(error.status(), error.to_string(), None)
        }
    }
}

fn counting_door() -> Door {
    let route = |path| Route::new(Method::Post, path, Permission::SqlRead, post(counted));
    let hosts = AllowedHosts::of_this_host(&[], "colony.allowed_hosts");
    Door::new(hosts, HINT)
        .route(route("/small"))
        .route(route("/large").with_max_body(body::LARGE_BODY_BYTES))
}

/// A connection on which the head of a `POST` was sent, and `body`.
async fn begun(open: &Open, path: &str, headers: &str, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(open.address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    stream
}

async fn finished(mut stream: TcpStream) -> String {
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.unwrap();
    String::from_utf8(response).unwrap()
}

#[tokio::test]
async fn each_route_has_a_limit_of_its_body_and_whoever_sends_more_reads_the_reason() {
    let open = open(counting_door()).await;
    for (path, bytes, expected) in [
        ("/small", 65_536, "65536 bytes"),
        ("/small", 65_537, "more than 65536 bytes"),
        ("/large", 1 << 20, "1048576 bytes"),
        ("/large", (1 << 20) + 1, "more than 1048576 bytes"),
        ("/large", 8 << 20, "more than 1048576 bytes"),
    ] {
        let body = vec![b'x'; bytes];
        let announced = format!("content-length: {bytes}");
        let mut chunked = format!("{bytes:x}\r\n").into_bytes();
        chunked.extend([&body[..], b"\r\n0\r\n\r\n"].concat());
        for (headers, body) in [(&announced[..], &body), ("transfer-encoding: chunked", &chunked)] {
            let response = finished(begun(&open, path, headers, body).await).await;
            let status = if expected.starts_with("more") { "413" } else { "200" };
            assert_eq!(&response[9..12], status, "{path} {headers}: {response}");
            assert!(response.contains(expected), "{path} {headers}: {response}");
        }
    }
    // Who waits for a go-ahead is told before it sends anything.
    let headers = "expect: 100-continue\r\ncontent-length: 2000000";
    let response = finished(begun(&open, "/large", headers, b"").await).await;
    assert!(response.starts_with("HTTP/1.1 413 "), "{response}");
}
