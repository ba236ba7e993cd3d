//! Fast path: decodes spans that are encoded as nearly every exporter does, in half the time that
//! prost takes.
//!
//! Attributes with a scalar value make up half of the bytes of a span and most of its nested
//! messages. Such attributes are decoded here, and the other fields by prost. A span with anything
//! unusual or invalid is decoded by prost alone.

use coral_trace::{Attributes, Double, KeyValue, Value};
use opentelemetry_proto::tonic::trace::v1 as proto;
use prost::Message;

use crate::otlp_protobuf::fast_path::{Content, FastFields};

/// A span without its attributes, and the attributes.
pub(super) type FastSpan = (proto::Span, Attributes);

/// The number of the field `Span.attributes`. Source: `opentelemetry/proto/trace/v1/trace.proto`.
const ATTRIBUTES: u64 = 9;

/// Decodes one span; `None` when prost must decode the whole span. `scratch` is a buffer that is
/// reused.
pub(super) fn span(bytes: &[u8], scratch: &mut Vec<u8>) -> Option<FastSpan> {
    scratch.clear();
    let mut attributes = Vec::new();
    let mut fields = FastFields(bytes);
    while !fields.0.is_empty() {
        let before = fields.0;
        match fields.next()? {
            (ATTRIBUTES, Content::Bytes(bytes)) => attributes.push(attribute(bytes)?),
            (ATTRIBUTES, _) => return None,
            _ => scratch.extend_from_slice(&before[..before.len() - fields.0.len()]),
        }
    }
    let span = proto::Span::decode(scratch.as_slice()).ok()?;
    Some((span, Attributes(attributes)))
}

/// Decodes a `KeyValue` that has exactly two fields: the key, then the value.
fn attribute(bytes: &[u8]) -> Option<KeyValue> {
    let mut fields = FastFields(bytes);
    let (1, Content::Bytes(key)) = fields.next()? else { return None };
    let (2, Content::Bytes(any)) = fields.next()? else { return None };
    let key = str::from_utf8(key).ok()?.to_owned();
    fields.0.is_empty().then_some(KeyValue { key, value: value(any)? })
}

/// Decodes an `AnyValue` with one scalar field.
fn value(bytes: &[u8]) -> Option<Value> {
    let mut fields = FastFields(bytes);
    let value = match fields.next()? {
        (1, Content::Bytes(text)) => Value::String(str::from_utf8(text).ok()?.to_owned()),
        (2, Content::Varint(truth)) => Value::Bool(truth != 0),
        (3, Content::Varint(number)) => Value::Int(number.cast_signed()),
        (4, Content::Fixed64(bits)) => Value::Double(Double(f64::from_le_bytes(bits))),
        _ => return None,
    };
    fields.0.is_empty().then_some(value)
}
