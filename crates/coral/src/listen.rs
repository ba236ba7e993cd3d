//! Sockets that speak HTTP/1.1 and HTTP/2 without TLS: JSON, metrics and gRPC on one port.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A socket that could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on `{address}` for {what}")]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// The configuration key it came from.
    pub what: &'static str,
    source: std::io::Error,
}

/// Binds `address`; port 0 takes any free one.
///
/// # Errors
/// [`BindError`] names the configuration key `what`, so that the reader knows what to change.
pub async fn bind(address: SocketAddr, what: &'static str) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| BindError { address, what, source })
}

/// The address that a listener got.
pub fn local_address(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().expect("a bound socket has an address")
}

/// Serves `router` until `stop`, then lets requests in flight end.
///
/// # Errors
/// The operating system's word, when the socket fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .await
}
