//! OTLP in: an `ExportTraceServiceRequest`, in protobuf or JSON, as spans.
//!
//! What is wrong with one span costs that span, and is counted with its reason; only bytes that
//! are no OTLP at all cost the request. Times, kinds and statuses are taken as they came, however
//! odd. Source: `opentelemetry/proto/trace/v1/trace.proto` and "OTLP Specification 1.x".

mod fast_path;
mod intake;
mod json;
mod links;
mod protobuf;
mod span;

pub use crate::otlp::{DecodeError, Encoding, MAX_NESTING, MAX_ORIGIN_BYTES, MAX_SPAN_BYTES};
pub use crate::refusal::RefusedSpans;
pub use intake::DecodedSpans;

use coral_trace::Recogniser;
use prost::Message;

use crate::otlp_protobuf::value;
use crate::otlp_service::ExportTraceServiceRequest;
use intake::{Intake, Origins};

/// Reads the `body` of one export: an uncompressed `ExportTraceServiceRequest`.
///
/// Takes memory of 4.5 times the body's length for Beyla's bodies, and of 32 to 40 times for 16 MiB
/// of the emptiest attributes, events or links (measured). The same again can go into copies of a
/// resource that has several scopes, which end at the body's length and 1 MiB.
///
/// # Errors
/// [`DecodeError`] if the body as a whole cannot be read; nothing of it is then taken. A span that
/// cannot be read is counted in [`DecodedSpans::refused`].
pub fn decode(
    body: &[u8],
    encoding: Encoding,
    recogniser: &Recogniser,
) -> Result<DecodedSpans, DecodeError> {
    match encoding {
        Encoding::Protobuf => protobuf::decode(body, recogniser),
        Encoding::Json => json::decode(body, recogniser),
    }
}

/// Takes a request that somebody else decoded, by the same rules. Strings are moved.
pub fn convert(request: ExportTraceServiceRequest, recogniser: &Recogniser) -> DecodedSpans {
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
