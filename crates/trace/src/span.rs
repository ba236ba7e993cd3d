//! A span, with everything OTLP says of it.

use std::sync::Arc;
use std::time::Duration;

use crate::attribute::{Attributes, Value};
use crate::ids::{SpanId, TraceId};
use crate::origin::{Collector, Origin};
use crate::time::UnixNanos;

/// One unit of work, as OTLP's `trace.proto` defines it. Field by field the same, with ids checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span {
    /// The trace it is part of.
    pub trace_id: TraceId,
    /// Its own id, unique within the trace.
    pub span_id: SpanId,
    /// The span that caused it; `None` for a root.
    pub parent_span_id: Option<SpanId>,
    /// W3C `tracestate`, as it came.
    pub trace_state: String,
    /// W3C trace flags and OTLP's "is remote" bits.
    pub flags: u32,
    /// The operation.
    pub name: String,
    /// Its role in a call.
    pub kind: SpanKind,
    /// When it began.
    pub start: UnixNanos,
    /// When it ended. A hostile or skewed clock may put it before `start`.
    pub end: UnixNanos,
    /// What is known of it.
    pub attributes: Attributes,
    /// How many attributes the exporter dropped.
    pub dropped_attributes: u32,
    /// What happened during it.
    pub events: Vec<Event>,
    /// How many events the exporter dropped.
    pub dropped_events: u32,
    /// Spans of this or other traces that it refers to.
    pub links: Vec<Link>,
    /// How many links were dropped, by the exporter or for a malformed id.
    pub dropped_links: u32,
    /// Whether it failed.
    pub status: Status,
    /// Resource, scope and collector, shared with its siblings.
    pub origin: Arc<Origin>,
}

/// A span's role in a call. The text form is lower case, as RFD 036 stores it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum SpanKind {
    /// Not said. Shown as `internal`, which is what OTLP says to assume.
    #[default]
    Unspecified,
    /// Work inside a process.
    Internal,
    /// Handles a request.
    Server,
    /// Makes a request and waits.
    Client,
    /// Hands over a message.
    Producer,
    /// Takes a message.
    Consumer,
}

/// Whether a span failed, and what was said about it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Status {
    /// The verdict.
    pub code: StatusCode,
    /// Free text; empty when there was none.
    pub message: String,
}

/// OTLP's span status: not the response's status, for which see [`Span::response_status`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum StatusCode {
    /// Nobody said. Beyla's word for success.
    #[default]
    Unset,
    /// Somebody vouched for it.
    Ok,
    /// It failed.
    Error,
}

/// Something that happened at one moment of a span.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Event {
    /// When.
    pub time: UnixNanos,
    /// What.
    pub name: String,
    /// What is known of it.
    pub attributes: Attributes,
    /// How many attributes the exporter dropped.
    pub dropped_attributes: u32,
}

/// A reference to another span.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// The other span's trace.
    pub trace_id: TraceId,
    /// The other span.
    pub span_id: SpanId,
    /// W3C `tracestate` of the other span.
    pub trace_state: String,
    /// What is known of the relation.
    pub attributes: Attributes,
    /// How many attributes the exporter dropped.
    pub dropped_attributes: u32,
    /// W3C trace flags of the other span.
    pub flags: u32,
}

impl Span {
    /// How long it took; zero when it ended before it began.
    pub fn duration(&self) -> Duration {
        self.end.since(self.start)
    }

    /// Whether its status says that it failed.
    pub fn is_error(&self) -> bool {
        self.status.code == StatusCode::Error
    }

    /// Whether this is one of the `in queue` and `processing` children that Beyla makes of one
    /// observed request. They are stored as they are; trees, maps and counts see through them.
    ///
    /// Source: spec/beyla.md §2.2. `span.metrics.skip` is put on every span by a Beyla option.
    pub fn is_virtual_hop(&self) -> bool {
        self.kind == SpanKind::Internal
            && matches!(self.name.as_str(), "in queue" | "processing")
            && self.origin.collector == Collector::Ebpf
            && self.attributes.iter().all(|attribute| attribute.key == "span.metrics.skip")
    }

    /// The response's status: HTTP (200…; 0 is "no response") or gRPC (0…16; 0 is success).
    ///
    /// `None` when no attribute says it, or says a number that RFD 036's SMALLINT cannot hold.
    pub fn response_status(&self) -> Option<u16> {
        response_status(&self.attributes)
    }
}

/// Source: design decision 4; the spellings are those of spec/beyla.md §2.3.
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

/// A response status in any of the types that exporters of metrics send: 200, 200.0, "200",
/// "PERMISSION_DENIED".
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

/// The number of a gRPC status name such as `PERMISSION_DENIED`.
fn grpc_code(name: &str) -> Option<i64> {
    GRPC_NAMES.iter().position(|known| known.eq_ignore_ascii_case(name)).map(|code| code as i64)
}

/// The name of a gRPC status such as 7; `None` above 16.
pub fn grpc_status_name(code: u16) -> Option<&'static str> {
    GRPC_NAMES.get(usize::from(code)).copied()
}

impl SpanKind {
    /// Lower-case text, as RFD 036 stores it.
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

/// OTLP's number of a kind; numbers that OTLP does not know are [`SpanKind::Unspecified`].
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
    /// `unset`, `ok` or `error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }
}

/// OTLP's number of a status; numbers that OTLP does not know are [`StatusCode::Unset`].
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
    fn the_response_status_is_read_under_every_spelling_beyla_uses() {
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
