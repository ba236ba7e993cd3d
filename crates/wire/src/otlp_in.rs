//! OTLP in: an `ExportTraceServiceRequest`, in protobuf or JSON, as spans.
//!
//! What is wrong with one span costs that span, and is counted with its reason; only bytes that
//! are no OTLP at all cost the request. Times, kinds and statuses are taken as they came, however
//! odd. Source: `opentelemetry/proto/trace/v1/trace.proto` and "OTLP Specification 1.x".

mod intake;
mod plain;
mod protobuf;
mod refused;
mod span;
mod value;

pub use refused::Refused;

pub(crate) use intake::Origins;
pub(crate) use refused::{Why, bounded};
pub(crate) use span::put_links;
pub(crate) use value::{attributes, is_too_deep, resource, scope};

use coral_trace::{Recogniser, Span};
use prost::Message;

use crate::otlp_json;
use crate::otlp_service::ExportTraceServiceRequest;
use intake::Intake;

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

/// What one request held.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Decoded {
    /// The spans that were taken, in the order in which they came. Spans of one `ScopeSpans`, and
    /// of neighbours with an equal scope, share their origin.
    pub spans: Vec<Span>,
    /// What was not taken.
    pub refused: Refused,
}

/// Why some bytes are no OTLP trace request. Texts are bounded and free of control characters.
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

/// Reads the `body` of one export: an uncompressed `ExportTraceServiceRequest`.
///
/// Takes memory of 4.5 times the body's length for Beyla's bodies, and of 32 to 40 times for 16 MiB
/// of the emptiest attributes, events or links (measured). The same again can go into copies of a
/// resource that has several scopes, which end at the body's length and 1 MiB.
///
/// # Errors
/// [`DecodeError`] if the body as a whole cannot be read; nothing of it is then taken. A span that
/// cannot be read is counted in [`Decoded::refused`].
pub fn decode(
    body: &[u8],
    encoding: Encoding,
    recogniser: &Recogniser,
) -> Result<Decoded, DecodeError> {
    match encoding {
        Encoding::Protobuf => protobuf::decode(body, recogniser),
        Encoding::Json => otlp_json::decode(body, recogniser),
    }
}

/// Takes a request that somebody else decoded, by the same rules. Strings are moved.
pub fn convert(request: ExportTraceServiceRequest, recogniser: &Recogniser) -> Decoded {
    let bytes = request.encoded_len();
    let (mut intake, mut origins) = (Intake::default(), Origins::new(recogniser, bytes));
    for resource_spans in request.resource_spans {
        origins.enter(value::resource(resource_spans.resource, resource_spans.schema_url));
        for scope_spans in resource_spans.scope_spans {
            let origin = origins.origin(value::scope(scope_spans.scope, scope_spans.schema_url));
            for span in scope_spans.spans {
                let bytes = if bytes > MAX_SPAN_BYTES { span.encoded_len() } else { 0 };
                intake.take((span, None), bytes, &origin);
            }
        }
    }
    intake.decoded
}
