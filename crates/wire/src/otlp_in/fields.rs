//! The fields of a span of protobuf before they are checked.

use std::mem;

use coral_trace::Attributes;
use opentelemetry_proto::tonic::common::v1 as common;
use opentelemetry_proto::tonic::trace::v1 as proto;
use opentelemetry_proto::tonic::trace::v1::span as proto_span;

use crate::otlp_protobuf::value;
use crate::refusal::RefusalReason;

/// The fields of a span, whose ids and texts are borrowed from the body or from prost's span.
#[derive(Default)]
pub(super) struct SpanFields<'a> {
    pub(super) trace_id: &'a [u8],
    pub(super) span_id: &'a [u8],
    pub(super) parent_span_id: &'a [u8],
    pub(super) trace_state: &'a str,
    pub(super) flags: u32,
    pub(super) name: &'a str,
    pub(super) kind: i32,
    /// Start and end are Unix nanoseconds.
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) attributes: SpanAttributes,
    pub(super) dropped_attributes: u32,
    pub(super) events: Vec<proto_span::Event>,
    pub(super) dropped_events: u32,
    pub(super) links: Vec<proto_span::Link>,
    pub(super) dropped_links: u32,
    pub(super) status: i32,
    pub(super) status_message: &'a str,
}

/// The attributes of a span.
pub(super) enum SpanAttributes {
    /// Decoded by the fast path.
    Read(Attributes),
    /// Decoded by prost, so that their nesting must be checked.
    Proto(Vec<common::KeyValue>),
}

impl<'a> SpanFields<'a> {
    /// The fields of a span that prost decoded. Takes its attributes, events and links.
    pub(super) fn of(span: &'a mut proto::Span) -> Self {
        let attributes = SpanAttributes::Proto(mem::take(&mut span.attributes));
        let (events, links) = (mem::take(&mut span.events), mem::take(&mut span.links));
        let status = span.status.as_ref();
        Self {
            trace_id: &span.trace_id,
            span_id: &span.span_id,
            parent_span_id: &span.parent_span_id,
            trace_state: &span.trace_state,
            flags: span.flags,
            name: &span.name,
            kind: span.kind,
            start: span.start_time_unix_nano,
            end: span.end_time_unix_nano,
            attributes,
            dropped_attributes: span.dropped_attributes_count,
            events,
            dropped_events: span.dropped_events_count,
            links,
            dropped_links: span.dropped_links_count,
            status: status.map_or(0, |status| status.code),
            status_message: status.map_or("", |status| &status.message),
        }
    }
}

impl SpanAttributes {
    /// The attributes.
    ///
    /// # Errors
    /// They are nested too deep.
    pub(super) fn checked(self) -> Result<Attributes, RefusalReason> {
        match self {
            Self::Read(attributes) => Ok(attributes),
            Self::Proto(attributes) => value::attributes(attributes, "its"),
        }
    }
}

impl Default for SpanAttributes {
    fn default() -> Self {
        Self::Read(Attributes::default())
    }
}
