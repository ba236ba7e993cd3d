//! Reads spans as nearly every exporter writes them, in half the time that prost takes.
//!
//! Half of the bytes of a span, and most of its messages, are attributes with one plain value each: those are
//! read here, and prost reads the rest. Whatever else is seen, odd or broken, is left to prost altogether.

use coral_trace::{Attributes, Double, KeyValue, Value};
use opentelemetry_proto::tonic::trace::v1 as proto;
use prost::Message;

/// A span without its attributes, and these.
pub(super) type PlainSpan = (proto::Span, Attributes);

/// Source: `opentelemetry/proto/trace/v1/trace.proto`, `Span.attributes`.
const ATTRIBUTES: u64 = 9;

/// Reads one span; `None` when it is not plain. `scratch` keeps its memory from span to span.
pub(super) fn span(bytes: &[u8], scratch: &mut Vec<u8>) -> Option<PlainSpan> {
    scratch.clear();
    let mut attributes = Vec::new();
    let mut fields = Fields(bytes);
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

/// `KeyValue`: a key, and one value.
fn attribute(bytes: &[u8]) -> Option<KeyValue> {
    let mut fields = Fields(bytes);
    let (1, Content::Bytes(key)) = fields.next()? else { return None };
    let (2, Content::Bytes(any)) = fields.next()? else { return None };
    let key = str::from_utf8(key).ok()?.to_owned();
    fields.0.is_empty().then_some(KeyValue { key, value: value(any)? })
}

/// `AnyValue`: one field, of those that hold no others.
fn value(bytes: &[u8]) -> Option<Value> {
    let mut fields = Fields(bytes);
    let value = match fields.next()? {
        (1, Content::Bytes(text)) => Value::String(str::from_utf8(text).ok()?.to_owned()),
        (2, Content::Varint(truth)) => Value::Bool(truth != 0),
        (3, Content::Varint(number)) => Value::Int(number.cast_signed()),
        (4, Content::Eight(bits)) => Value::Double(Double(f64::from_le_bytes(bits))),
        _ => return None,
    };
    fields.0.is_empty().then_some(value)
}

/// What of a message is left to read.
struct Fields<'a>(&'a [u8]);

/// What a field holds, by its wire type.
enum Content<'a> {
    Varint(u64),
    Eight([u8; 8]),
    Four,
    Bytes(&'a [u8]),
}

impl<'a> Fields<'a> {
    /// Number and content of the next field.
    ///
    /// Source: protobuf.dev, "Encoding".
    fn next(&mut self) -> Option<(u64, Content<'a>)> {
        let key = self.varint()?;
        let content = match key & 7 {
            0 => Content::Varint(self.varint()?),
            1 => Content::Eight(self.bytes(8)?.try_into().ok()?),
            2 => {
                let length = self.varint()?;
                Content::Bytes(self.bytes(length)?)
            }
            5 => self.bytes(4).map(|_| Content::Four)?,
            _ => return None,
        };
        Some((key >> 3, content))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for (at, byte) in self.0.iter().enumerate().take(9) {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if *byte < 0x80 {
                self.0 = &self.0[at + 1..];
                return Some(value);
            }
        }
        // Negative numbers take a tenth byte, which has one bit.
        let (nine, rest) = self.0.split_at_checked(9)?;
        let ([1], rest) = rest.split_first_chunk()? else { return None };
        debug_assert!(nine.iter().all(|byte| *byte >= 0x80), "a shorter one ended above");
        self.0 = rest;
        Some(value | 1 << 63)
    }

    fn bytes(&mut self, length: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }
}
