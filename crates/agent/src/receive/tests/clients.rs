//! Clients that occupy a connection without using it.

use reqwest::Client;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
/// Limits with which a client may leave an answer unread for 200 ms only.
const SHORT_TIMEOUT: Limits = Limits { body_timeout: Duration::from_millis(200), ..LIMITS };

async fn post(to: String) -> u16 {
    let request = Client::new().post(to).header("content-type", "application/x-protobuf");
    in_time(request.body(export(3, 0)).send()).await.unwrap().status().as_u16()
}

/// A connection on which one request has been answered.
async fn used_connection(to: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(REQUEST).await.unwrap();
    assert!(in_time(stream.read(&mut [0; 1000])).await.unwrap() > 0);
    stream
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    matches!(in_time(stream.read(&mut [0; 1000])).await, Ok(0) | Err(_))
}

#[tokio::test]
async fn a_connection_over_the_limit_replaces_one_that_never_sent_a_request() {
    let two = Limits { connections: 2, ..LIMITS };
    let running = receiver_and_writer(two, Ok(())).await;
    let mut asked = used_connection(running.http).await;
    let mut silent = TcpStream::connect(running.http).await.unwrap();
    assert_eq!(post(running.http_url()).await, 200);
    assert!(is_closed(&mut silent).await);
    asked.write_all(REQUEST).await.unwrap();
    assert!(
        in_time(asked.read(&mut [0; 1000])).await.unwrap() > 0,
        "the active connection was closed too"
    );
    running.ends().await;
}

#[tokio::test]
async fn silent_connections_far_above_the_limit_do_not_block_others() {
    let running = receiver_and_writer(LIMITS, Ok(())).await;
    let mut silent = Vec::new();
    for port in [running.http, running.grpc] {
        for _ in 0..100 * LIMITS.connections {
            silent.push(in_time(TcpStream::connect(port)).await.unwrap());
        }
        assert_eq!(post(format!("http://{port}/v1/traces")).await, 200);
    }
    running.ends().await;
}

#[tokio::test]
async fn a_connection_over_the_limit_waits_while_all_others_are_busy() {
    let one = Limits { connections: 1, ..LIMITS };
    let (running, mut outlet) = receiver(one).await;
    let (url, other) = (running.http_url(), running.http_url());
    let mut first = Box::pin(post(url));
    let export = tokio::select! { _ = &mut first => None, it = outlet.recv() => it }.unwrap();
    let mut second = Box::pin(post(other));
    let early = tokio::time::timeout(Duration::from_millis(100), &mut second).await;
    assert!(early.is_err(), "it was served at the same time as the first");
    export.exporter.answer(Ok(ExportCounts { new: 3, duplicate: 0, grown: 0 }));
    assert_eq!(first.await, 200);
    let writer = async {
        outlet.recv().await.unwrap().exporter.answer(Ok(ExportCounts {
            new: 3,
            duplicate: 0,
            grown: 0,
        }))
    };
    let (status, ()) = tokio::join!(second, writer);
    assert_eq!(status, 200);
    running.ends().await;
}

#[tokio::test]
async fn a_client_that_never_reads_its_answers_is_disconnected() {
    let running = receiver_and_writer(SHORT_TIMEOUT, Ok(())).await;
    let mut client = TcpStream::connect(running.http).await.unwrap();
    let requests = REQUEST.repeat(1_000);
    let until_refused = async { while client.write_all(&requests).await.is_ok() {} };
    let (served, ()) = tokio::join!(post(running.http_url()), in_time(until_refused));
    assert_eq!(served, 200);
    running.ends().await;
}

#[tokio::test]
async fn an_http2_client_with_a_window_of_zero_is_disconnected() {
    let running = receiver_and_writer(SHORT_TIMEOUT, Ok(())).await;
    let mut client = TcpStream::connect(running.grpc).await.unwrap();
    let mut frames = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // SETTINGS: an initial window of 0.
    frames.extend([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
    for stream in [1, 3, 5] {
        // One HEADERS frame: GET http://a/
        frames.extend([0, 0, 6, 1, 5, 0, 0, 0, stream, 0x82, 0x86, 0x84, 0x41, 1, b'a']);
    }
    client.write_all(&frames).await.unwrap();
    let mut received = Vec::new();
    let _ = in_time(client.read_to_end(&mut received)).await;
    assert!(!received.is_empty(), "the server sent nothing");
    assert_eq!(post(running.http_url()).await, 200);
    running.ends().await;
}

#[tokio::test]
async fn a_client_that_never_reads_does_not_delay_the_shutdown() {
    let running = receiver_and_writer(SHORT_TIMEOUT, Ok(())).await;
    let mut client = TcpStream::connect(running.http).await.unwrap();
    let requests = REQUEST.repeat(1_000);
    let moment = Duration::from_millis(100);
    // Writes until the socket accepts no more.
    while tokio::time::timeout(moment, client.write_all(&requests)).await.is_ok() {}
    running.ends().await;
}
