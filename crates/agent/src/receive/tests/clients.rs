//! Clients that take a place and do nothing with it.

use reqwest::Client;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

const QUESTION: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
/// Its client may leave an answer unread for no more than a moment.
const HASTY: Limits = Limits { body_timeout: Duration::from_millis(200), ..LIMITS };

async fn post(to: String) -> u16 {
    let request = Client::new().post(to).header("content-type", "application/x-protobuf");
    in_time(request.body(export(3, 0)).send()).await.unwrap().status().as_u16()
}

/// A connection that has been answered once.
async fn proven(to: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(QUESTION).await.unwrap();
    assert!(in_time(stream.read(&mut [0; 1000])).await.unwrap() > 0);
    stream
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    matches!(in_time(stream.read(&mut [0; 1000])).await, Ok(0) | Err(_))
}

#[tokio::test]
async fn a_connection_over_the_limit_is_served_and_the_one_that_never_asked_ends() {
    let two = Limits { connections: 2, ..LIMITS };
    let running = receiver_and_writer(two, Ok(())).await;
    let mut asked = proven(running.http).await;
    let mut silent = TcpStream::connect(running.http).await.unwrap();
    assert_eq!(post(running.http_url()).await, 200);
    assert!(is_closed(&mut silent).await);
    asked.write_all(QUESTION).await.unwrap();
    assert!(in_time(asked.read(&mut [0; 1000])).await.unwrap() > 0, "it was ended too");
    running.ends().await;
}

#[tokio::test]
async fn a_hundred_times_more_silent_connections_than_there_is_room_for_keep_nobody_out() {
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
    assert!(early.is_err(), "it was served beside the first");
    export.answer(Ok(ExportCounts { new: 3, duplicate: 0, grown: 0 }));
    assert_eq!(first.await, 200);
    let writer = async {
        outlet.recv().await.unwrap().answer(Ok(ExportCounts { new: 3, duplicate: 0, grown: 0 }))
    };
    let (status, ()) = tokio::join!(second, writer);
    assert_eq!(status, 200);
    running.ends().await;
}

#[tokio::test]
async fn a_client_that_asks_and_asks_and_never_reads_is_given_up() {
    let running = receiver_and_writer(HASTY, Ok(())).await;
    let mut deaf = TcpStream::connect(running.http).await.unwrap();
    let questions = QUESTION.repeat(1_000);
    let until_refused = async { while deaf.write_all(&questions).await.is_ok() {} };
    let (served, ()) = tokio::join!(post(running.http_url()), in_time(until_refused));
    assert_eq!(served, 200);
    running.ends().await;
}

#[tokio::test]
async fn an_http2_client_without_a_window_is_given_up() {
    let running = receiver_and_writer(HASTY, Ok(())).await;
    let mut deaf = TcpStream::connect(running.grpc).await.unwrap();
    let mut frames = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // SETTINGS: an initial window of 0.
    frames.extend([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
    for stream in [1, 3, 5] {
        // HEADERS, whole: GET http://a/
        frames.extend([0, 0, 6, 1, 5, 0, 0, 0, stream, 0x82, 0x86, 0x84, 0x41, 1, b'a']);
    }
    deaf.write_all(&frames).await.unwrap();
    let mut said = Vec::new();
    let _ = in_time(deaf.read_to_end(&mut said)).await;
    assert!(!said.is_empty(), "it never spoke");
    assert_eq!(post(running.http_url()).await, 200);
    running.ends().await;
}

#[tokio::test]
async fn a_client_that_never_reads_does_not_keep_the_receiver_from_stopping() {
    let running = receiver_and_writer(HASTY, Ok(())).await;
    let mut deaf = TcpStream::connect(running.http).await.unwrap();
    let questions = QUESTION.repeat(1_000);
    let moment = Duration::from_millis(100);
    // Until nothing more goes into the socket.
    while tokio::time::timeout(moment, deaf.write_all(&questions)).await.is_ok() {}
    running.ends().await;
}
