//! What decoding and encoding, spans and metrics, protobuf and JSON share of OTLP: its two encodings, the limits of
//! a request, and the error for a body that cannot be read.

use coral_trace::{Attributes, Value};

/// The longest span that is taken, in bytes of protobuf: 1 MiB.
pub const MAX_SPAN_BYTES: usize = 1 << 20;

/// The longest resource with scope that is taken, in bytes of protobuf: 1 MiB. With a span of
/// [`MAX_SPAN_BYTES`] it fits into one gRPC answer of 4 MiB.
pub const MAX_ORIGIN_BYTES: usize = 1 << 20;

/// How deep lists and maps may be nested in an attribute.
///
/// So chosen that whatever was taken in one encoding can be written in each, and read again by
/// readers that stop at 100 nested messages (prost, C++, Java) or 128 JSON levels (serde_json).
pub const MAX_NESTING: usize = 24;

/// The two encodings of OTLP.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Encoding {
    /// `application/x-protobuf`, and gRPC.
    Protobuf,
    /// `application/json`: protobuf's JSON mapping, but with ids in hex.
    Json,
}

/// Why a body is no OTLP request. Texts are bounded and free of control characters.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// No protobuf, cut short, or of other types than OTLP's.
    #[error("malformed protobuf in `{message}` at byte {offset}: {what}")]
    Protobuf {
        /// OTLP's name of the message that is malformed.
        message: &'static str,
        /// Where that message, or the field in it, begins in the body.
        offset: usize,
        /// What is wrong.
        what: String,
    },
    /// No JSON, or not of OTLP's shape.
    #[error("malformed JSON at line {line}, column {column}: {what}")]
    Json {
        /// From 1.
        line: usize,
        /// In bytes, from 1; 0 at a line's very beginning.
        column: usize,
        /// What is wrong.
        what: String,
    },
    /// JSON that is nested deeper than any OTLP with values within [`MAX_NESTING`].
    #[error("JSON is nested too deep at line {line}, column {column}")]
    Nesting {
        /// From 1.
        line: usize,
        /// In bytes, from 1.
        column: usize,
    },
}

/// Whether some value in `attributes` is nested deeper than [`MAX_NESTING`].
pub(crate) fn is_too_deep(attributes: &Attributes) -> bool {
    !attributes.iter().all(|attribute| is_within(&attribute.value, MAX_NESTING))
}

fn is_within(value: &Value, levels: usize) -> bool {
    match (value, levels.checked_sub(1)) {
        (Value::Array(_) | Value::Map(_), None) => false,
        (Value::Array(values), Some(levels)) => values.iter().all(|v| is_within(v, levels)),
        (Value::Map(map), Some(levels)) => map.iter().all(|kv| is_within(&kv.value, levels)),
        _ => true,
    }
}
