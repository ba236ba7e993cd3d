//! Parts of Zipkin's v2 format that are common to decoding and encoding: the JSON of a span, the
//! attributes that keep what OTLP has no field for, and the text form of events and links.
//!
//! The mapping is that of OpenTelemetry's translator (opentelemetry-collector-contrib,
//! `pkg/translator/zipkin`). Source of the format: openzipkin/zipkin-api, `zipkin2-api.yaml`.

pub(crate) mod piped;
pub(crate) mod shared;
pub(crate) mod span_json;
pub(crate) mod tag;

/// Names of attributes.
pub(crate) mod attribute {
    /// The span id that the exporter sent, of a span that is stored under another id.
    pub(crate) const ID: &str = "zipkin.id";
    /// The parent id that the exporter sent, of a span that is stored under another id.
    pub(crate) const PARENT_ID: &str = "zipkin.parent_id";
    /// Zipkin's flag `shared`.
    pub(crate) const SHARED: &str = "zipkin.shared";
    /// Zipkin's flag `debug`.
    pub(crate) const DEBUG: &str = "zipkin.debug";
    /// True for a span without a `timestamp`.
    pub(crate) const NO_TIMESTAMP: &str = "otel.zipkin.absentField.startTime";
    pub(crate) const SERVICE_NAME: &str = "service.name";
    pub(crate) const PEER_SERVICE: &str = "peer.service";
}

/// Names of the attributes of one endpoint.
pub(crate) struct EndpointKeys {
    /// The address: IPv4, or IPv6 if the endpoint has no IPv4.
    pub ip: &'static str,
    pub port: &'static str,
    /// The IPv6 address of an endpoint that also has an IPv4 address.
    pub further_ip: &'static str,
}

pub(crate) const LOCAL: EndpointKeys =
    EndpointKeys { ip: "net.host.ip", port: "net.host.port", further_ip: "zipkin.local.ipv6" };

pub(crate) const REMOTE: EndpointKeys =
    EndpointKeys { ip: "net.peer.ip", port: "net.peer.port", further_ip: "zipkin.remote.ipv6" };
