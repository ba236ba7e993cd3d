//! Sockets that speak HTTP/1.1 and HTTP/2, with or without TLS: JSON, metrics and gRPC on one port.

mod answer;
pub mod connections;
mod peer;
mod share;
mod stream;
mod table;
#[cfg(test)]
mod tests;
pub mod tls;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::answer::RequestBody;
use self::connections::ConnectionLimits;
pub use self::peer::Peer;
use self::tls::Tls;
use crate::door::Door;

/// A socket that could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on `{address}` for {what}")]
pub struct BindError {
    /// The address that could not be bound.
    pub address: SocketAddr,
    /// Configuration key of the address.
    pub what: &'static str,
    source: std::io::Error,
}

/// Binds `address`. Port 0 selects any free port.
///
/// # Errors
/// [`BindError`] names the configuration key `what`, which the reader has to change.
pub async fn bind(address: SocketAddr, what: &'static str) -> Result<TcpListener, BindError> {
    listen(address).map_err(|source| BindError { address, what, source })
}

/// Backlog of the listening socket: connections that wait to be accepted. The kernel may allow
/// fewer. The common value of 128 is too small for many simultaneous clients: a client that finds
/// the backlog full retries after a second.
const BACKLOG: u32 = 4_096;

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Lets a restarted process bind its port while old connections are in TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The address to which a listener is bound.
pub fn local_address(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().expect("a bound socket has an address")
}

/// Serves the routes of `door`, over TLS if `tls` is given, until `stop`. Then waits for the requests
/// in flight.
///
/// # Errors
/// Never: an error ends only its own connection. Every task that may fail has this return type.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    door: Door,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let router = door.into_router();
    let streams = TaskTracker::new();
    let answer = move |request, peer| answer(router.clone(), request, peer);
    connections::serve(listener, tls, QUESTION_PORT, answer, streams.clone(), stop).await;
    streams.close();
    streams.wait().await;
    Ok(())
}

/// Limits of a port for questions. The clients are a colony, a few people and their tools. An
/// answer of an agent is at most 4 MiB; an answer of a colony may be larger.
const QUESTION_PORT: ConnectionLimits = ConnectionLimits {
    connections: 256,
    streams: 32,
    unread_bytes: 32 << 20,
    answer_timeout: Duration::from_secs(30),
    headers_timeout: Duration::from_secs(90),
};
/// The longest time to receive the body of a request. The door limits its size.
const REQUEST_BODY_TIMEOUT: Duration = Duration::from_secs(30);

async fn answer(router: Router, request: Request<Incoming>, peer: Peer) -> Response {
    let mut request = request.map(|body| Body::new(RequestBody::new(body, REQUEST_BODY_TIMEOUT)));
    request.extensions_mut().insert(ConnectInfo(peer.address));
    request.extensions_mut().insert(peer);
    let Ok(response) = TowerToHyperService::new(router).call(request).await;
    response
}
