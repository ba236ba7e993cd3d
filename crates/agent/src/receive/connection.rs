//! Connections of exporters.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Receiver, grpc, http};
use coral_server::listen::Peer;
use coral_server::listen::connections::{self, ConnectionLimits};

/// Accepts connections from `listener` until `stop` is cancelled, then waits until the open
/// connections have answered their requests.
pub(super) async fn serve(listener: TcpListener, receiver: Arc<Receiver>, stop: CancellationToken) {
    let connection_limits = connection_limits(&receiver);
    let streams = receiver.tasks.clone();
    let answer = {
        let receiver = receiver.clone();
        move |request: Request<_>, peer| answer(request.map(Body::new), peer, receiver.clone())
    };
    let tls = receiver.access.tls.clone();
    connections::serve(listener, tls, connection_limits, answer, streams, stop).await;
}

fn connection_limits(receiver: &Receiver) -> ConnectionLimits {
    let limits = &receiver.limits;
    ConnectionLimits {
        connections: limits.connections,
        streams: limits.streams,
        // Answers are short, so this limit is hardly ever reached: a client that reads no answer is
        // disconnected after `answer_timeout`.
        unread_bytes: limits.in_flight_bytes,
        answer_timeout: limits.body_timeout,
        headers_timeout: limits.headers_timeout,
    }
}

async fn answer(request: Request, peer: Peer, receiver: Arc<Receiver>) -> Response {
    let access = receiver.access.check(&peer, request.headers());
    if grpc::is_grpc(request.headers()) {
        grpc::answer(request, access, &receiver).await
    } else {
        http::answer(request, access, &receiver).await
    }
}
