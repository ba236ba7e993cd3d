//! The name of the other side of a call.

use crate::attribute::Attributes;

/// The attributes that name the other side of a call, the first one first. Source: OpenTelemetry,
/// "OpenTelemetry to Zipkin Transformation".
pub const REMOTE_SERVICE_KEYS: [&str; 10] = [
    "peer.service",
    "service.peer.name",
    "server.address",
    "net.peer.name",
    "network.peer.address",
    "server.socket.domain",
    "net.sock.peer.name",
    "peer.hostname",
    "db.namespace",
    "db.name",
];

/// The name of the other side among the `attributes` of a span, by [`REMOTE_SERVICE_KEYS`].
pub fn remote_service(attributes: &Attributes) -> Option<&str> {
    REMOTE_SERVICE_KEYS.iter().find_map(|key| attributes.text(key).filter(|name| !name.is_empty()))
}
