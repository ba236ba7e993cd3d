//! What the two sides of one request have in common: protocol, operation and address.

use crate::attribute::Attributes;
use crate::dependency::{PeerHints, is_loopback};
use crate::span::{Span, SpanKind};

/// The parts of a client or server span by which its other side is found.
pub(super) struct Request {
    /// `http`, `grpc`, or another protocol of a service map.
    pub protocol: &'static str,
    /// Method and path of an HTTP request, the full method of an RPC, or else the name of the span.
    pub operation: String,
    /// The address and the port of the server, as the span names them.
    pub address: Option<(String, u16)>,
    /// The port of the server, also when the span does not name the address.
    pub port: Option<u16>,
    /// Whether the request is encrypted.
    pub is_tls: bool,
}

/// The response codes of gRPC with which no server needs to have seen the call: cancelled, deadline
/// exceeded, unavailable.
const UNREACHED_GRPC: [u16; 3] = [1, 4, 14];

impl Request {
    /// The request that a client span made, if a server must have a span of it: no statement, no
    /// message, and no failed connection.
    pub fn of_client(span: &Span) -> Option<Self> {
        let hints = PeerHints::from_attributes(&span.attributes);
        let has = |hint: Option<&str>| hint.is_some_and(|text| !text.is_empty());
        let is_request = span.kind == SpanKind::Client
            && !has(hints.db_system)
            && !has(hints.messaging_system)
            && (has(hints.http_request_method) || has(hints.rpc_system));
        let request = Self::new(span, &hints);
        let is_reached = match span.response_status() {
            None => !span.is_error(),
            Some(code) if request.protocol == "http" => code != 0,
            Some(code) => !UNREACHED_GRPC.contains(&code),
        };
        (is_request && is_reached).then_some(request)
    }

    /// The request that a server span answered.
    pub fn of_server(span: &Span) -> Self {
        Self::new(span, &PeerHints::from_attributes(&span.attributes))
    }

    /// Whether the address is of the host of the client itself.
    pub fn is_loopback(&self) -> bool {
        self.address.as_ref().is_some_and(|(host, _)| is_loopback(host))
    }

    fn new(span: &Span, hints: &PeerHints<'_>) -> Self {
        let url = span.attributes.first_of(&["url.full", "http.url"]).and_then(|url| url.as_str());
        let protocol = hints.protocol();
        let address = address(hints, url);
        let port = hints.server_port.and_then(|port| u16::try_from(port).ok());
        Self {
            protocol,
            operation: operation(span, hints, url),
            port: port.or_else(|| address.as_ref().map(|(_, port)| *port)),
            address,
            is_tls: is_tls(&span.attributes, url),
        }
    }
}

fn operation(span: &Span, hints: &PeerHints<'_>, url: Option<&str>) -> String {
    let attributes = &span.attributes;
    if hints.rpc_system.is_some() {
        let method = attributes.text("rpc.method").unwrap_or(&span.name);
        let full = match attributes.text("rpc.service") {
            Some(service) if !method.contains('/') => format!("{service}/{method}"),
            _ => method.to_owned(),
        };
        return full.trim_start_matches('/').to_owned();
    }
    let path = attributes.first_of(&["url.path", "http.target"]).and_then(|path| path.as_str());
    match (hints.http_request_method, path.or_else(|| url.map(path_of))) {
        (Some(method), Some(path)) => {
            let path = path.split(['?', '#']).next().unwrap_or(path);
            format!("{method} {path}")
        }
        _ => span.name.clone(),
    }
}

/// The path of a URL; a URL without scheme is a path already, as in Beyla 1.
fn path_of(url: &str) -> &str {
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => url,
    }
}

fn address(hints: &PeerHints<'_>, url: Option<&str>) -> Option<(String, u16)> {
    let authority = || {
        let rest = url?.split_once("://")?.1;
        rest.split(['/', '?', '#']).next().filter(|authority| !authority.is_empty())
    };
    let named = hints.server_address.filter(|address| !address.is_empty()).or_else(authority)?;
    let (host, in_text) = match named.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            (host, port.parse().ok())
        }
        _ => (named, None),
    };
    let port = hints.server_port.and_then(|port| u16::try_from(port).ok()).or(in_text);
    let by_scheme = || if url.is_some_and(|url| url.starts_with("https:")) { 443 } else { 80 };
    let host = host.trim_matches(['[', ']']).to_lowercase();
    Some((host, port.filter(|port| *port > 0).unwrap_or_else(by_scheme)))
}

fn is_tls(attributes: &Attributes, url: Option<&str>) -> bool {
    let scheme = attributes.first_of(&["url.scheme", "http.scheme"]).and_then(|text| text.as_str());
    scheme == Some("https") || url.is_some_and(|url| url.starts_with("https:"))
}
