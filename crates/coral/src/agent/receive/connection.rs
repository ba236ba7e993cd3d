//! Connections: accepted up to a limit, HTTP/1.1 or HTTP/2, ended without cutting requests off.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, error, warn};

use super::{Receiver, grpc, http};

/// How long to wait when the system has no file handle left for a connection.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);
/// How often an HTTP/2 peer is asked whether it still lives.
const PING_EVERY: Duration = Duration::from_secs(60);
/// How long it has for the answer.
const PING_WITHIN: Duration = Duration::from_secs(20);

/// Serves connections to `listener` until `stop`, then waits until those that are open have
/// answered the requests they carry.
pub(super) async fn serve(listener: TcpListener, receiver: Arc<Receiver>, stop: CancellationToken) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = open.join_next() => notice_panic(ended),
            stream = accept(&listener), if open.len() < receiver.limits.connections => {
                open.spawn(connection(stream, receiver.clone(), stop.clone()));
            }
        }
    }
    drop(listener);
    while let Some(ended) = open.join_next().await {
        notice_panic(ended);
    }
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if is_peers(&error) => {}
            Err(error) => {
                warn!(%error, "could not accept a connection; will try again");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

/// Whether only the connection that was about to be accepted has failed.
fn is_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

async fn connection(stream: TcpStream, receiver: Arc<Receiver>, stop: CancellationToken) {
    if !speaks(&stream, receiver.limits.headers_within, &stop).await {
        return;
    }
    // Answers are one small packet; a failure costs delay only.
    let _ = stream.set_nodelay(true);
    let builder = protocols(&receiver);
    let service = service_fn(move |request| answer(request, receiver.clone()));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "connection ended early");
    }
}

/// Waits for the first byte, from which the protocol is told. hyper would wait forever.
async fn speaks(stream: &TcpStream, within: Duration, stop: &CancellationToken) -> bool {
    let mut byte = [0];
    tokio::select! {
        () = stop.cancelled() => false,
        peeked = tokio::time::timeout(within, stream.peek(&mut byte)) => {
            matches!(peeked, Ok(Ok(1)))
        }
    }
}

fn protocols(receiver: &Receiver) -> Builder<Tracked> {
    let mut builder = Builder::new(Tracked(receiver.tasks.clone()));
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(receiver.limits.headers_within)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(receiver.limits.streams)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_WITHIN);
    builder
}

async fn answer(
    request: Request<Incoming>,
    receiver: Arc<Receiver>,
) -> Result<Response, Infallible> {
    let request = request.map(Body::new);
    Ok(if grpc::is_meant(request.headers()) {
        grpc::answer(request, &receiver).await
    } else {
        http::answer(request, &receiver).await
    })
}

fn notice_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        error!(%error, "a connection's task panicked; its requests are not answered");
    }
}

/// Runs HTTP/2's streams where the receiver waits for them.
#[derive(Clone)]
struct Tracked(TaskTracker);

impl<F> hyper::rt::Executor<F> for Tracked
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    fn execute(&self, stream: F) {
        self.0.spawn(stream);
    }
}
