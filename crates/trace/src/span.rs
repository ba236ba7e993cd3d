//! Spans, with all fields of OTLP.

use std::sync::Arc;
use std::time::Duration;

use crate::attribute::{Attributes, Value};
use crate::ids::{SpanId, TraceId};
use crate::origin::{Collector, Origin};
use crate::time::UnixNanos;

/// One unit of work. The fields are those of OTLP's `trace.proto`, with validated ids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span {
    /// The trace that the span belongs to.
    pub trace_id: TraceId,
    /// The span's own id, unique in the trace.
    pub span_id: SpanId,
    /// The parent span; `None` for a root.
    pub parent_span_id: Option<SpanId>,
    /// The W3C `tracestate`, unchanged.
    pub trace_state: String,
    /// The W3C trace flags, and OTLP's "is remote" bits.
    pub flags: u32,
    /// The name of the span: the operation.
    pub name: String,
    /// The span's role in a call.
    pub kind: SpanKind,
    /// When the span started.
    pub start: UnixNanos,
    /// When the span ended. May be before `start`, because of a skewed clock or a hostile exporter.
    pub end: UnixNanos,
    /// The attributes of the span.
    pub attributes: Attributes,
    /// How many attributes the exporter dropped.
    pub dropped_attributes: u32,
    /// The events of the span, in the order in which they were sent.
    pub events: Vec<Event>,
    /// How many events the exporter dropped.
    pub dropped_events: u32,
    /// Links to other spans, of this or of other traces.
    pub links: Vec<Link>,
    /// How many links were dropped, by the exporter or because of an invalid id.
    pub dropped_links: u32,
    /// Whether the span failed.
    pub status: Status,
    /// Resource, scope and collector, shared with other spans.
    pub origin: Arc<Origin>,
}

/// A span's role in a call. The store and the RPCs have its text form, which is lower case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum SpanKind {
    /// Not specified. Shown as `internal`, as OTLP recommends.
    #[default]
    Unspecified,
    /// Work within a process.
    Internal,
    /// Handles a request.
    Server,
    /// Makes a request and waits for the response.
    Client,
    /// Sends a message.
    Producer,
    /// Receives a message.
    Consumer,
}

/// Whether a span failed, with a message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Status {
    /// The status code.
    pub code: StatusCode,
    /// The status message; empty when there is none.
    pub message: String,
}

/// OTLP's span status code. For the response status of HTTP or gRPC, see [`Span::response_status`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum StatusCode {
    /// Not set. Beyla uses this for success.
    #[default]
    Unset,
    /// Explicitly marked as successful.
    Ok,
    /// The span failed.
    Error,
}

/// Something that happened at one moment of a span.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Event {
    /// When the event happened.
    pub time: UnixNanos,
    /// The name of the event.
    pub name: String,
    /// The attributes of the event.
    pub attributes: Attributes,
    /// How many attributes the exporter dropped.
    pub dropped_attributes: u32,
}

/// A reference to another span.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// The trace of the linked span.
    pub trace_id: TraceId,
    /// The id of the linked span.
    pub span_id: SpanId,
    /// The W3C `tracestate` of the linked span.
    pub trace_state: String,
    /// The attributes of the link.
    pub attributes: Attributes,
    /// How many attributes the exporter dropped.
    pub dropped_attributes: u32,
    /// The W3C trace flags of the linked span.
    pub flags: u32,
}

impl Span {
    /// How long the span took; zero when it ended before it started.
    pub fn duration(&self) -> Duration {
        self.end.since(self.start)
    }

    /// Whether the status is `error`.
    pub fn is_error(&self) -> bool {
        self.status.code == StatusCode::Error
    }

    /// Whether this is one of the `in queue` and `processing` child spans that Beyla makes of one
    /// request. Such spans are stored unchanged; trees, service maps and counts skip them.
    ///
    /// A virtual hop is an internal eBPF span with one of the two names, and without attributes
    /// except `span.metrics.skip`. That attribute alone is no sign, because an option makes Beyla
    /// put it on every span.
    pub fn is_virtual_hop(&self) -> bool {
        may_be_virtual_hop(self.kind, &self.name, self.origin.collector)
            && self.attributes.iter().all(|attribute| attribute.key == VIRTUAL_HOP_ATTRIBUTE)
    }

    /// The response status: HTTP (200…; 0 means no response) or gRPC (0…16; 0 means success).
    ///
    /// `None` when no attribute has a status, or the number is negative or above 32,767, the limit
    /// of the store's 16-bit column.
    pub fn response_status(&self) -> Option<u16> {
        response_status(&self.attributes)
    }

    /// The other side of a call, from the attributes of its span: `other_sql cards`,
    /// `kafka notifications`, `api.stripe.com`.
    pub fn peer_name(&self) -> Option<String> {
        let attribute = |keys: &[&str]| {
            let mut found = keys.iter().filter_map(|key| self.attributes.get(key));
            found.find(|value| !is_empty(value)).map(Value::to_string)
        };
        let with = |system: String, keys: &[&str]| match attribute(keys) {
            Some(part) => format!("{system} {part}"),
            None => system,
        };
        if let Some(system) = attribute(&["db.system.name", "db.system"]) {
            let parts = ["db.collection.name", "db.sql.table", "db.namespace", "db.name"];
            return Some(with(system, &parts));
        }
        if let Some(system) = attribute(&["messaging.system"]) {
            return Some(with(system, &["messaging.destination.name", "messaging.destination"]));
        }
        attribute(&["service.peer.name", "peer.service", "server.address", "net.peer.name"])
    }
}

/// The only attribute that a virtual hop may have. See [`Span::is_virtual_hop`].
pub const VIRTUAL_HOP_ATTRIBUTE: &str = "span.metrics.skip";

/// Whether a span is a virtual hop if it has no attribute but [`VIRTUAL_HOP_ATTRIBUTE`]. See
/// [`Span::is_virtual_hop`].
pub fn may_be_virtual_hop(kind: SpanKind, name: &str, collector: Collector) -> bool {
    kind == SpanKind::Internal
        && matches!(name, "in queue" | "processing")
        && collector == Collector::Ebpf
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Empty) || value.as_str().is_some_and(str::is_empty)
}

/// The response status among `attributes`. The names are those that the versions of Beyla use, the
/// newest first.
fn response_status(attributes: &Attributes) -> Option<u16> {
    let number = if let Some(http) =
        attributes.first_of(&["http.response.status_code", "http.status_code"])
    {
        http.as_int()?
    } else {
        let grpc = attributes.first_of(&["rpc.response.status_code", "rpc.grpc.status_code"])?;
        grpc.as_int().or_else(|| grpc.as_str().and_then(grpc_code))?
    };
    status_in_range(number)
}

/// The response status in `value`, which has any type that exporters of metrics send: 200, 200.0,
/// "200", "PERMISSION_DENIED".
pub(crate) fn status_of(value: &Value) -> Option<u16> {
    let number = match value {
        Value::Double(number) if number.0.fract() == 0.0 => Some(number.0 as i64),
        other => other.as_int().or_else(|| other.as_str().and_then(grpc_code)),
    };
    number.and_then(status_in_range)
}

fn status_in_range(number: i64) -> Option<u16> {
    u16::try_from(number).ok().filter(|code| *code <= i16::MAX as u16)
}

const GRPC_NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The status number of a gRPC status name such as `PERMISSION_DENIED`, in upper or lower case.
fn grpc_code(name: &str) -> Option<i64> {
    GRPC_NAMES.iter().position(|known| known.eq_ignore_ascii_case(name)).map(|code| code as i64)
}

/// The name of a gRPC status number; `None` for numbers above 16.
pub fn grpc_status_name(code: u16) -> Option<&'static str> {
    GRPC_NAMES.get(usize::from(code)).copied()
}

impl SpanKind {
    /// The kind in lower case, such as `server`. An unspecified kind is `internal`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified | Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

/// Converts OTLP's number of a span kind; unknown numbers become [`SpanKind::Unspecified`].
impl From<i32> for SpanKind {
    fn from(number: i32) -> Self {
        match number {
            1 => Self::Internal,
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => Self::Unspecified,
        }
    }
}

impl StatusCode {
    /// The status code as text: `unset`, `ok` or `error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }
}

/// Converts OTLP's number of a status code; unknown numbers become [`StatusCode::Unset`].
impl From<i32> for StatusCode {
    fn from(number: i32) -> Self {
        match number {
            1 => Self::Ok,
            2 => Self::Error,
            _ => Self::Unset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_response_status_is_read_from_every_attribute_that_beyla_uses() {
        let http_and_grpc = [
            (vec![("http.response.status_code", Value::Int(503))], Some(503)),
            (vec![("http.status_code", Value::Int(200))], Some(200)),
            (vec![("http.response.status_code", Value::Int(0))], Some(0)),
            (vec![("rpc.grpc.status_code", Value::Int(7))], Some(7)),
            (vec![("rpc.response.status_code", "PERMISSION_DENIED".into())], Some(7)),
            (vec![("rpc.response.status_code", "OK".into())], Some(0)),
            (vec![("rpc.response.status_code", "NO_SUCH_NAME".into())], None),
            (vec![("http.response.status_code", Value::Int(-1))], None),
            (vec![("http.response.status_code", Value::Int(70_000))], None),
            (vec![("db.response.status_code", "42P01".into())], None),
            (vec![], None),
        ];
        for (pairs, expected) in http_and_grpc {
            let attributes = pairs.into_iter().collect();
            assert_eq!(response_status(&attributes), expected, "{attributes:?}");
        }
    }
}
