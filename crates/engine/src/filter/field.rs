//! The fields that a filter can test.

use coral_trace::{Attributes, Span};

use super::evaluate::TraceFacts;
use super::literal::Operand;
use crate::columns::Columns;

/// A field that a filter tests.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Field {
    /// The first attribute with this key. The key is compared as sent: the older name of an
    /// attribute is another key.
    Attribute {
        /// The owner of the attribute.
        of: AttributeOwner,
        /// The key.
        key: String,
    },
    /// A field of the span itself.
    Span(SpanField),
    /// A field of each event of the span.
    Event(EventField),
    /// A field of each link of the span.
    Link(LinkField),
    /// A field of the whole trace.
    Trace(TraceField),
}

/// The owner of an attribute.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AttributeOwner {
    /// The span, or its resource if the span lacks the key.
    SpanOrResource,
    /// The span.
    Span,
    /// The resource.
    Resource,
    /// The instrumentation scope.
    Scope,
}

/// A field of a span. Every span has the field, unless its description says when it is absent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SpanField {
    /// Text.
    Name,
    /// Text: `internal`, `server`, `client`, `producer` or `consumer`. An unspecified kind is
    /// `internal`.
    Kind,
    /// Text: `unset`, `ok` or `error`.
    Status,
    /// Text; absent if empty.
    StatusMessage,
    /// Integer: nanoseconds since the Unix epoch.
    Start,
    /// Integer: nanoseconds; 0 when the span's end is before its start.
    Duration,
    /// Text: the `service.name` of the resource; `unknown_service` if the resource has no name.
    Service,
    /// Text: `ebpf` or `sdk`.
    Collector,
    /// Integer: the response status of HTTP or gRPC; absent if no attribute has a status.
    ResponseStatus,
    /// Text: 16 lower-case hex digits.
    SpanId,
    /// Text: 16 lower-case hex digits; absent for a span without a parent.
    ParentSpanId,
    /// Text; absent if empty.
    ScopeName,
    /// Text; absent if empty.
    ScopeVersion,
}

/// A field of an event.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum EventField {
    /// Text.
    Name,
    /// Integer: nanoseconds from the start of the span to the event; negative if the event was
    /// earlier.
    SinceStart,
    /// The first attribute of the event with this key.
    Attribute(String),
}

/// A field of a link.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum LinkField {
    /// Text: 32 lower-case hex digits.
    TraceId,
    /// Text: 16 lower-case hex digits.
    SpanId,
    /// The first attribute of the link with this key.
    Attribute(String),
}

/// A field of the trace. It is computed from the trace's stored spans of the collector that the
/// query names, or of both collectors.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TraceField {
    /// Text: 32 lower-case hex digits.
    TraceId,
    /// Integer: nanoseconds from the first span's start to the last span's end.
    Duration,
    /// Text: the service of the root span, which is the earliest span without a parent; absent if
    /// no root was received.
    RootService,
    /// Text: the name of the root span; if no root was received, the name of the earliest span.
    RootName,
    /// Integer: number of spans.
    SpanCount,
    /// Integer: number of spans with an error status.
    ErrorCount,
}

impl Field {
    /// The columns that are needed to test this field.
    pub fn columns(&self) -> Columns {
        match self {
            Self::Attribute { of: AttributeOwner::Span, .. }
            | Self::Span(SpanField::ResponseStatus) => Columns::ATTRIBUTES,
            Self::Attribute { of: AttributeOwner::SpanOrResource, .. } => {
                Columns::ATTRIBUTES | Columns::ORIGIN
            }
            Self::Attribute { .. } | Self::Span(SpanField::ScopeName | SpanField::ScopeVersion) => {
                Columns::ORIGIN
            }
            Self::Event(_) | Self::Link(_) | Self::Span(SpanField::StatusMessage) => {
                Columns::DETAILS
            }
            // Attributes decide whether a span is a virtual hop. Of spans that start in the same
            // microsecond, virtual hops come after all others, and the first span names the trace.
            Self::Trace(TraceField::RootService | TraceField::RootName) => Columns::ATTRIBUTES,
            Self::Span(_) | Self::Trace(_) => Columns::CORE,
        }
    }

    /// Whether `test` returns `true` for a value of this field in `span`; `false` if there is no
    /// value.
    pub(super) fn any(
        &self,
        span: &Span,
        trace: &TraceFacts<'_>,
        test: &mut dyn FnMut(Operand<'_>) -> bool,
    ) -> bool {
        match self {
            Self::Attribute { of, key } => of.get(span, key).is_some_and(test),
            Self::Span(field) => field.any(span, test),
            Self::Event(field) => span.events.iter().any(|event| match field {
                EventField::Name => test(Operand::Text(&event.name)),
                EventField::SinceStart => {
                    let nanos = i128::from(event.time.0) - i128::from(span.start.0);
                    test(Operand::Int(nanos))
                }
                EventField::Attribute(key) => get(&event.attributes, key).is_some_and(&mut *test),
            }),
            Self::Link(field) => span.links.iter().any(|link| match field {
                LinkField::TraceId => test(Operand::Text(&link.trace_id.to_string())),
                LinkField::SpanId => test(Operand::Text(&link.span_id.to_string())),
                LinkField::Attribute(key) => get(&link.attributes, key).is_some_and(&mut *test),
            }),
            Self::Trace(field) => trace.any(*field, test),
        }
    }
}

impl AttributeOwner {
    fn get<'a>(self, span: &'a Span, key: &str) -> Option<Operand<'a>> {
        let resource = &span.origin.resource.attributes;
        match self {
            Self::SpanOrResource => get(&span.attributes, key).or_else(|| get(resource, key)),
            Self::Span => get(&span.attributes, key),
            Self::Resource => get(resource, key),
            Self::Scope => get(&span.origin.scope.attributes, key),
        }
    }
}

impl SpanField {
    fn any(self, span: &Span, test: &mut dyn FnMut(Operand<'_>) -> bool) -> bool {
        let mut filled = |text: &str| !text.is_empty() && test(Operand::Text(text));
        match self {
            Self::StatusMessage => filled(&span.status.message),
            Self::ScopeName => filled(&span.origin.scope.name),
            Self::ScopeVersion => filled(&span.origin.scope.version),
            Self::Name => test(Operand::Text(&span.name)),
            Self::Kind => test(Operand::Text(span.kind.as_str())),
            Self::Status => test(Operand::Text(span.status.code.as_str())),
            Self::Service => test(Operand::Text(span.origin.service_name())),
            Self::Collector => test(Operand::Text(span.origin.collector.as_str())),
            Self::SpanId => test(Operand::Text(&span.span_id.to_string())),
            Self::ParentSpanId => {
                span.parent_span_id.is_some_and(|id| test(Operand::Text(&id.to_string())))
            }
            Self::Start => test(Operand::Int(span.start.0.into())),
            Self::Duration => test(Operand::Int(span.duration().as_nanos() as i128)),
            Self::ResponseStatus => {
                span.response_status().is_some_and(|status| test(Operand::Int(status.into())))
            }
        }
    }
}

fn get<'a>(attributes: &'a Attributes, key: &str) -> Option<Operand<'a>> {
    attributes.get(key).map(Operand::of)
}
