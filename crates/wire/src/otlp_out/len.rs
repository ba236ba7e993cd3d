//! Computes upper bounds of the size of spans in protobuf, without encoding the spans.
//!
//! A page is never longer than the sum of its spans' [`span_len`] and its distinct origins'
//! [`origin_len`]. Fields of fixed size are counted even where they are left out.

use coral_trace::{
    Attributes, EntityRef, Event, Link, Origin, Resource, Scope, Span, Status, Value,
};
use prost::length_delimiter_len;

/// Bytes of the fields of fixed size of a span, with their keys: ids (18, 10, 10), times (9, 9),
/// flags (6) and kind (2).
const SPAN_FIXED: usize = 64;
/// Bytes of the time of an event, with its key.
const EVENT_FIXED: usize = 9;
/// Bytes of the ids (18, 10) and flags (5) of a link, with their keys.
const LINK_FIXED: usize = 33;
/// Bytes of the keys and lengths of a `ResourceSpans` and a `ScopeSpans` below 4 GiB: 6 each.
const HEADS: usize = 12;

/// An upper bound of the length of `encode(&[span])`, which includes the origin of `span`. The
/// bound exceeds that length by at most 60 bytes, plus 9 per event and 5 per link.
pub fn encoded_len(span: &Span) -> usize {
    span_len(span) + origin_len(&span.origin)
}

/// An upper bound of the bytes that `span` adds to a page that has its origin already.
pub fn span_len(span: &Span) -> usize {
    let fields = SPAN_FIXED
        + text(&span.trace_state)
        + text(&span.name)
        + attributes(&span.attributes)
        + number(span.dropped_attributes)
        + sum(&span.events, event)
        + number(span.dropped_events)
        + sum(&span.links, link)
        + number(span.dropped_links)
        + status(&span.status);
    field(fields)
}

/// An upper bound of the bytes that a resource and scope add to a page.
pub fn origin_len(origin: &Origin) -> usize {
    HEADS + resource_len(&origin.resource) + scope_len(&origin.scope)
}

/// An upper bound of the bytes of a `Resource` and its schema URL.
pub(crate) fn resource_len(resource: &Resource) -> usize {
    let fields = attributes(&resource.attributes)
        + number(resource.dropped_attributes)
        + sum(&resource.entity_refs, entity_ref);
    field(fields) + text(&resource.schema_url)
}

fn entity_ref(entity: &EntityRef) -> usize {
    let keys = [&entity.id_keys, &entity.description_keys];
    let keys = keys.into_iter().flatten().map(|key| field(key.len())).sum::<usize>();
    field(text(&entity.schema_url) + text(&entity.kind) + keys)
}

/// An upper bound of the bytes of an `InstrumentationScope` and its schema URL.
pub(crate) fn scope_len(scope: &Scope) -> usize {
    let fields = text(&scope.name)
        + text(&scope.version)
        + attributes(&scope.attributes)
        + number(scope.dropped_attributes);
    field(fields) + text(&scope.schema_url)
}

fn event(event: &Event) -> usize {
    let attributes = attributes(&event.attributes) + number(event.dropped_attributes);
    field(EVENT_FIXED + text(&event.name) + attributes)
}

fn link(link: &Link) -> usize {
    let attributes = attributes(&link.attributes) + number(link.dropped_attributes);
    field(LINK_FIXED + text(&link.trace_state) + attributes)
}

fn status(status: &Status) -> usize {
    field(text(&status.message) + 2)
}

fn attributes(attributes: &Attributes) -> usize {
    sum(&attributes.0, |attribute| field(text(&attribute.key) + attribute_value(&attribute.value)))
}

fn attribute_value(value: &Value) -> usize {
    if *value == Value::Empty { 0 } else { field(any(value)) }
}

/// The bytes of a value. An empty string is written as a value, unlike an empty string field.
fn any(value: &Value) -> usize {
    match value {
        Value::Empty => 0,
        Value::String(text) => field(text.len()),
        Value::Bool(_) => 2,
        Value::Int(number) => 1 + varint(*number as u64),
        Value::Double(_) => 9,
        Value::Bytes(bytes) => field(bytes.len()),
        Value::Array(values) => field(sum(values, |value| field(any(value)))),
        Value::Map(map) => field(attributes(map)),
    }
}

fn sum<T>(items: &[T], len: impl Fn(&T) -> usize) -> usize {
    items.iter().map(len).sum()
}

/// The bytes of a field whose content has `length` bytes: key, length and content.
fn field(length: usize) -> usize {
    1 + length_delimiter_len(length) + length
}

/// The bytes of a string field, which is left out if the string is empty.
fn text(text: &str) -> usize {
    if text.is_empty() { 0 } else { field(text.len()) }
}

/// The bytes of a count, which is left out if it is zero.
fn number(count: u32) -> usize {
    if count == 0 { 0 } else { 1 + varint(u64::from(count)) }
}

fn varint(number: u64) -> usize {
    length_delimiter_len(number as usize)
}
