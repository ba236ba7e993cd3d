//! What a filter may look at.

use coral_trace::{Attributes, Span};

use super::evaluate::TraceFacts;
use super::literal::Operand;
use crate::columns::Columns;

/// Something that a filter looks at.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Field {
    /// The first attribute with this key. Keys are compared as they were sent: an older spelling is another key.
    Attribute {
        /// Whose attribute.
        of: AttributeOwner,
        /// Its key.
        key: String,
    },
    /// Something of the span itself.
    Span(SpanField),
    /// Something of each event of the span.
    Event(EventField),
    /// Something of each link of the span.
    Link(LinkField),
    /// Something of the whole trace.
    Trace(TraceField),
}

/// Whose attribute is meant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AttributeOwner {
    /// The span's; or else its resource's, when the span has none with the key.
    SpanOrResource,
    /// The span's.
    Span,
    /// The resource's.
    Resource,
    /// The instrumentation scope's.
    Scope,
}

/// Something that every span has, unless it says otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SpanField {
    /// Text.
    Name,
    /// Text: `internal`, `server`, `client`, `producer` or `consumer`. A kind that was not said is `internal`.
    Kind,
    /// Text: `unset`, `ok` or `error`.
    Status,
    /// Text; not there when it is empty.
    StatusMessage,
    /// An integer: nanoseconds; 0 when the span ended before it began.
    Duration,
    /// Text: `service.name` of the resource, or what a service without one is called.
    Service,
    /// Text: `ebpf` or `sdk`.
    Collector,
    /// An integer: the response's status in HTTP or gRPC; not there when no attribute says it.
    ResponseStatus,
    /// Text: 16 lower-case hex digits.
    SpanId,
    /// Text: 16 lower-case hex digits; not there for a span without a parent.
    ParentSpanId,
    /// Text; not there when it is empty.
    ScopeName,
    /// Text; not there when it is empty.
    ScopeVersion,
}

/// Something of an event.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum EventField {
    /// Text.
    Name,
    /// An integer: nanoseconds from the span's start to the event; negative when it came earlier.
    SinceStart,
    /// The first attribute of the event with this key.
    Attribute(String),
}

/// Something of a link.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum LinkField {
    /// Text: 32 lower-case hex digits.
    TraceId,
    /// Text: 16 lower-case hex digits.
    SpanId,
    /// The first attribute of the link with this key.
    Attribute(String),
}

/// Something of the whole trace, as far as it is stored and of the query's collector.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TraceField {
    /// Text: 32 lower-case hex digits.
    TraceId,
    /// An integer: nanoseconds from the first span's start to the last span's end.
    Duration,
    /// Text: the service of the root span; not there when none was received. The root is the earliest span
    /// without a parent.
    RootService,
    /// Text: the name of the root span, or of the earliest span when there is no root.
    RootName,
    /// An integer.
    SpanCount,
    /// An integer: spans whose status is an error.
    ErrorCount,
}

impl Field {
    /// The columns that it takes to look at this field.
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
            // Only its attributes tell whether a span stands for a request or for a part of one.
            Self::Trace(TraceField::RootService | TraceField::RootName) => Columns::ATTRIBUTES,
            Self::Span(_) | Self::Trace(_) => Columns::CORE,
        }
    }

    /// Whether a value that the field has in `span` passes `test`. Without a value none does.
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
