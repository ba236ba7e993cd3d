//! The keys of a search.

use coral_engine::filter::{AttributeOwner, EventField, Field, SpanField, TraceField};

use super::lexer::Part;

/// A key, and how its values are compared.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Key {
    /// The fields that are compared: an attribute has one for each of its names.
    pub fields: Vec<Field>,
    pub kind: ValueKind,
}

/// How the values of a key are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ValueKind {
    /// As text; values have no order.
    Text,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// Whole numbers.
    Number,
    /// Durations, in nanoseconds.
    Duration,
    /// Whatever was sent: as text for equality, as numbers for order.
    Attribute,
}

/// Attributes that OpenTelemetry renamed: the current and the older name.
///
/// Source: OpenTelemetry semantic conventions, migration guides of HTTP, RPC, database and network
/// attributes.
const RENAMED: [(&str, &str); 20] = [
    ("http.request.method", "http.method"),
    ("http.response.status_code", "http.status_code"),
    ("url.path", "http.target"),
    ("url.full", "http.url"),
    ("url.scheme", "http.scheme"),
    ("user_agent.original", "http.user_agent"),
    ("http.request.body.size", "http.request_content_length"),
    ("http.response.body.size", "http.response_content_length"),
    ("service.peer.name", "peer.service"),
    ("rpc.system.name", "rpc.system"),
    ("rpc.response.status_code", "rpc.grpc.status_code"),
    ("db.system.name", "db.system"),
    ("db.operation.name", "db.operation"),
    ("db.collection.name", "db.sql.table"),
    ("db.namespace", "db.name"),
    ("db.query.text", "db.statement"),
    ("deployment.environment.name", "deployment.environment"),
    ("messaging.destination.name", "messaging.destination"),
    ("network.protocol.name", "net.protocol.name"),
    ("server.address", "net.peer.name"),
];

const STATUSES: &[&str] = &["ok", "error", "unset"];
const KINDS: &[&str] = &["internal", "server", "client", "producer", "consumer"];
const COLLECTORS: &[&str] = &["ebpf", "sdk"];

/// The other name of an attribute, if OpenTelemetry renamed it.
pub(crate) fn renamed(key: &str) -> Option<&'static str> {
    RENAMED.iter().find_map(|(current, older)| match key {
        _ if key == *current => Some(*older),
        _ if key == *older => Some(*current),
        _ => None,
    })
}

impl Key {
    /// The key that `part` names. A quoted key is always an attribute.
    pub fn of(part: &Part) -> Self {
        if part.is_quoted { Self::attribute(&part.text) } else { Self::named(&part.text) }
    }

    /// The key that is written as `name`.
    pub fn named(name: &str) -> Self {
        let of_span = |field, kind| Self { fields: vec![Field::Span(field)], kind };
        let of_trace = |field, kind| Self { fields: vec![Field::Trace(field)], kind };
        let of_event = |field| Self { fields: vec![Field::Event(field)], kind: ValueKind::Text };
        match name {
            "service" => of_span(SpanField::Service, ValueKind::Text),
            "name" => of_span(SpanField::Name, ValueKind::Text),
            "status" => of_span(SpanField::Status, ValueKind::Word(STATUSES)),
            "kind" => of_span(SpanField::Kind, ValueKind::Word(KINDS)),
            "collector" => of_span(SpanField::Collector, ValueKind::Word(COLLECTORS)),
            "duration" => of_span(SpanField::Duration, ValueKind::Duration),
            "code" => of_span(SpanField::ResponseStatus, ValueKind::Number),
            "message" => of_span(SpanField::StatusMessage, ValueKind::Text),
            "scope" => of_span(SpanField::ScopeName, ValueKind::Text),
            "event" => of_event(EventField::Name),
            "trace.id" => of_trace(TraceField::TraceId, ValueKind::Text),
            "trace.duration" => of_trace(TraceField::Duration, ValueKind::Duration),
            "trace.spans" => of_trace(TraceField::SpanCount, ValueKind::Number),
            "trace.errors" => of_trace(TraceField::ErrorCount, ValueKind::Number),
            "root.service" => of_trace(TraceField::RootService, ValueKind::Text),
            "root.name" => of_trace(TraceField::RootName, ValueKind::Text),
            other => match other.strip_prefix("event.") {
                Some(key) if !key.is_empty() => Self {
                    fields: vec![Field::Event(EventField::Attribute(key.to_owned()))],
                    kind: ValueKind::Attribute,
                },
                _ => Self::attribute(other),
            },
        }
    }

    /// The attribute `key` of a span or its resource.
    pub fn attribute(key: &str) -> Self {
        let named = |key: &str| Field::Attribute {
            of: AttributeOwner::SpanOrResource,
            key: key.to_owned(),
        };
        let mut fields = vec![named(key)];
        fields.extend(renamed(key).map(named));
        // OpenTelemetry records an exception as an event.
        if key.starts_with("exception.") {
            fields.push(Field::Event(EventField::Attribute(key.to_owned())));
        }
        Self { fields, kind: ValueKind::Attribute }
    }
}
