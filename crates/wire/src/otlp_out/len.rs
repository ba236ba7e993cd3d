//! How long spans will be in protobuf, without encoding them.
//!
//! A page of spans is never longer than the sum of its spans' [`span_len`] and of its distinct
//! origins' [`origin_len`]: grouping only saves.

use coral_trace::{Attributes, EntityRef, Event, Link, Origin, Span, Status, Value};
use prost::length_delimiter_len;

/// The bytes of `encode(&[span])`: an upper bound of what `span` adds to any page.
pub fn encoded_len(span: &Span) -> usize {
    span_len(span) + origin_len(&span.origin)
}

/// The bytes that `span` takes in a page that has its origin already; 5 of them for the growth of
/// the lengths written before its scope and its resource.
pub fn span_len(span: &Span) -> usize {
    GROWTH + message(span_fields(span))
}

/// The bytes that the resource and scope of some spans add to a page.
pub fn origin_len(origin: &Origin) -> usize {
    let (resource, scope) = (&origin.resource, &origin.scope);
    let resource_fields = attributes(&resource.attributes)
        + number(resource.dropped_attributes)
        + sum(&resource.entity_refs, |entity| message(entity_ref(entity)));
    let scope_fields = text(&scope.name)
        + text(&scope.version)
        + attributes(&scope.attributes)
        + number(scope.dropped_attributes);
    HEADS
        + message(resource_fields)
        + text(&resource.schema_url)
        + message(scope_fields)
        + text(&scope.schema_url)
}
