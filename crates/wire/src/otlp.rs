//! Parts of OTLP that are common to decoding and encoding, spans and metrics: the two encodings,
//! limits of a request, and the error for a body that cannot be read.

use coral_trace::Attributes;

/// The longest accepted span, in bytes of protobuf: 1 MiB.
pub const MAX_SPAN_BYTES: usize = 1 << 20;

/// The longest accepted resource and scope together, in bytes of protobuf: 1 MiB. With a span of
/// [`MAX_SPAN_BYTES`], they fit into a gRPC answer of 4 MiB.
pub const MAX_ORIGIN_BYTES: usize = 1 << 20;

/// How deep lists and maps may be nested in an attribute.
///
/// With this limit, every accepted value can be written in both encodings, and read by decoders
/// that stop at 100 nested messages (prost, C++, Java) or 128 JSON levels (serde_json).
pub const MAX_NESTING: usize = 24;

/// The two encodings of OTLP.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Encoding {
    /// `application/x-protobuf`, and gRPC.
    Protobuf,
    /// `application/json`: protobuf's JSON mapping, but with ids in hex.
    Json,
}

/// Why a body is not an OTLP request. Texts are bounded and free of control characters.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// The body is not protobuf, is truncated, or has a field with another wire type than OTLP's.
    #[error("malformed protobuf in `{message}` at byte {offset}: {what}")]
    Protobuf {
        /// OTLP's name of the message that is malformed.
        message: &'static str,
        /// The byte of the body at which that message, or the malformed field in that message,
        /// begins.
        offset: usize,
        /// The reason.
        what: String,
    },
    /// The body is not JSON, or is not OTLP.
    #[error("malformed JSON at line {line}, column {column}: {what}")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Byte in the line, from 1; 0 before the first byte.
        column: usize,
        /// The reason.
        what: String,
    },
    /// The JSON is nested deeper than serde_json reads (128 levels). OTLP with values within
    /// [`MAX_NESTING`] is never nested so deep.
    #[error("JSON is nested too deep at line {line}, column {column}")]
    Nesting {
        /// Line, from 1.
        line: usize,
        /// Byte in the line, from 1.
        column: usize,
    },
}

/// Whether some value in `attributes` is nested deeper than [`MAX_NESTING`].
pub(crate) fn is_too_deep(attributes: &Attributes) -> bool {
    !attributes.is_within(MAX_NESTING)
}
