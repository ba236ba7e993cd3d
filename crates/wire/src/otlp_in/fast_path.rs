//! Fast path: decodes spans that are encoded as nearly every exporter does, without prost.
//!
//! A span borrows its ids and texts from the body until they are checked. Attributes with a scalar
//! value make up half of the bytes of a span and most of its nested messages, so they are decoded
//! here too. Events and links are decoded by prost. A span with anything unusual or invalid is
//! decoded by prost alone.

use coral_trace::{Attributes, Double, KeyValue, Value};
use opentelemetry_proto::tonic::trace::v1::span as proto_span;
use prost::Message;

use super::fields::{SpanAttributes, SpanFields};
use super::texts::Texts;
use crate::otlp_protobuf::fast_path::{Content, FastFields};

/// The room that is made for the attributes of the first span.
const USUAL_ATTRIBUTES: usize = 12;
/// The most room that is made for the attributes of a span before they are decoded, so that a span
/// with many attributes does not make all later spans large.
const MAX_ATTRIBUTES_AHEAD: usize = 32;

/// Decodes the spans of one scope.
pub(super) struct FastSpans {
    /// How many attributes the span before has: neighbouring spans have about as many.
    attributes: usize,
}

impl FastSpans {
    pub(super) fn new() -> Self {
        Self { attributes: USUAL_ATTRIBUTES }
    }

    /// Decodes one span into the memory of `texts`; `None` when prost must decode it.
    ///
    /// Source: `opentelemetry/proto/trace/v1/trace.proto`, `Span`.
    pub(super) fn span<'a>(
        &mut self,
        bytes: &'a [u8],
        texts: &mut Texts,
    ) -> Option<SpanFields<'a>> {
        let mut span = SpanFields::default();
        let mut attributes = texts.attributes(self.attributes);
        let mut has_status = false;
        let mut fields = FastFields(bytes);
        while !fields.0.is_empty() {
            match fields.next()? {
                (1, Content::Bytes(id)) => span.trace_id = id,
                (2, Content::Bytes(id)) => span.span_id = id,
                (3, Content::Bytes(text)) => span.trace_state = str::from_utf8(text).ok()?,
                (4, Content::Bytes(id)) => span.parent_span_id = id,
                (5, Content::Bytes(text)) => span.name = str::from_utf8(text).ok()?,
                (6, Content::Varint(kind)) => span.kind = kind as i32,
                (7, Content::Fixed64(time)) => span.start = u64::from_le_bytes(time),
                (8, Content::Fixed64(time)) => span.end = u64::from_le_bytes(time),
                (9, Content::Bytes(bytes)) => attributes.push(attribute(bytes, texts)?),
                (10, Content::Varint(count)) => span.dropped_attributes = count as u32,
                (11, Content::Bytes(event)) => {
                    span.events.push(proto_span::Event::decode(event).ok()?);
                }
                (12, Content::Varint(count)) => span.dropped_events = count as u32,
                (13, Content::Bytes(link)) => span.links.push(proto_span::Link::decode(link).ok()?),
                (14, Content::Varint(count)) => span.dropped_links = count as u32,
                // Two messages of one field are merged, which is left to prost.
                (15, Content::Bytes(status)) if !has_status => {
                    (span.status, span.status_message) = self::status(status)?;
                    has_status = true;
                }
                (16, Content::Fixed32(flags)) => span.flags = u32::from_le_bytes(flags),
                // A known field in another type, or a second status.
                (1..=16, _) => return None,
                _ => {}
            }
        }
        self.attributes = attributes.len().min(MAX_ATTRIBUTES_AHEAD);
        span.attributes = SpanAttributes::Read(Attributes(attributes));
        Some(span)
    }
}

/// Decodes a `Status`: its code and its message.
fn status(bytes: &[u8]) -> Option<(i32, &str)> {
    let (mut code, mut message) = (0, "");
    let mut fields = FastFields(bytes);
    while !fields.0.is_empty() {
        match fields.next()? {
            (2, Content::Bytes(text)) => message = str::from_utf8(text).ok()?,
            (3, Content::Varint(number)) => code = number as i32,
            _ => return None,
        }
    }
    Some((code, message))
}

/// Decodes a `KeyValue` that has exactly two fields: the key, then the value.
fn attribute(bytes: &[u8], texts: &mut Texts) -> Option<KeyValue> {
    let mut fields = FastFields(bytes);
    let (1, Content::Bytes(key)) = fields.next()? else { return None };
    let (2, Content::Bytes(any)) = fields.next()? else { return None };
    let key = str::from_utf8(key).ok().filter(|_| fields.0.is_empty())?;
    Some(KeyValue { value: value(any, texts)?, key: texts.text(key) })
}

/// Decodes an `AnyValue` with one scalar field.
fn value(bytes: &[u8], texts: &mut Texts) -> Option<Value> {
    let mut fields = FastFields(bytes);
    let value = match fields.next()? {
        (1, Content::Bytes(text)) => Value::String(texts.text(str::from_utf8(text).ok()?)),
        (2, Content::Varint(truth)) => Value::Bool(truth != 0),
        (3, Content::Varint(number)) => Value::Int(number.cast_signed()),
        (4, Content::Fixed64(bits)) => Value::Double(Double(f64::from_le_bytes(bits))),
        _ => return None,
    };
    fields.0.is_empty().then_some(value)
}
