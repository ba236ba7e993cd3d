//! Spans as requests of RED metrics.

use super::series::{Protocol, Series, Side};
use crate::attribute::Attributes;
use crate::span::{Span, SpanKind};

/// The series that `span` is counted in. `None` when the span is not an HTTP, gRPC or SQL request.
///
/// The series has no further attributes: spans are distinguished by protocol, side, service,
/// operation, target, status and error alone. Whether the request failed is the status of the
/// span: see [`Span::is_error`].
pub fn series_from_span(span: &Span) -> Option<Series> {
    let side = side(span.kind)?;
    let protocol = protocol_of_span(span)?;
    let mut series = Series::from_attributes(
        protocol,
        side,
        span.origin.service_name(),
        span.attributes.clone(),
    )?;
    series.attributes = Attributes::default();
    if protocol == Protocol::Http && series.target.is_empty() {
        series.target = route_in_name(&span.name, &series.operation);
    }
    if protocol == Protocol::Sql && series.error.is_empty() && span.is_error() {
        "error".clone_into(&mut series.error);
    }
    Some(series)
}

/// The protocol of the request or call that `span` is. `None` when it is neither, or of another
/// protocol.
pub fn protocol_of_span(span: &Span) -> Option<Protocol> {
    protocol_of_kind(span.kind, |key| span.attributes.get(key).is_some())
}

/// [`protocol_of_span`] of a span of kind `kind`. `has` says whether the span has an attribute with a
/// key.
pub fn protocol_of_kind(kind: SpanKind, has: impl Fn(&str) -> bool) -> Option<Protocol> {
    protocol(has, side(kind)?)
}

fn side(kind: SpanKind) -> Option<Side> {
    match kind {
        SpanKind::Server => Some(Side::Server),
        SpanKind::Client => Some(Side::Client),
        _ => None,
    }
}

fn protocol(has: impl Fn(&str) -> bool, side: Side) -> Option<Protocol> {
    let has = |keys: &[&str]| keys.iter().any(|key| has(key));
    if has(&["rpc.method", "rpc.system.name", "rpc.system"]) {
        Some(Protocol::Grpc)
    } else if has(&["db.system.name", "db.system", "db.operation.name"]) {
        (side == Side::Client).then_some(Protocol::Sql)
    } else {
        has(&["http.request.method", "http.method"]).then_some(Protocol::Http)
    }
}

/// The route of a Beyla HTTP client span, which has its route only in its name: "POST /validate".
fn route_in_name(name: &str, method: &str) -> String {
    let route = name.strip_prefix(method).and_then(|rest| rest.strip_prefix(' '));
    route.filter(|route| route.starts_with('/')).unwrap_or_default().to_owned()
}
