//! Decodes an `ExportTraceServiceRequest`, in protobuf or JSON, to spans.
//!
//! An invalid span is refused alone, and counted with its reason. Only a body that is not OTLP is
//! refused entirely. Times, kinds and statuses are accepted as sent. Source:
//! `opentelemetry/proto/trace/v1/trace.proto` and "OTLP Specification 1.x".

mod fast_path;
mod fields;
mod intake;
mod json;
mod links;
mod protobuf;
mod span;
mod texts;

pub use crate::otlp::{DecodeError, Encoding, MAX_NESTING, MAX_ORIGIN_BYTES, MAX_SPAN_BYTES};
pub use crate::refusal::RefusedSpans;
pub use intake::{DecodedSpans, TakeSpan};

use coral_trace::Recogniser;
use prost::Message;

use crate::otlp_protobuf::value;
use crate::otlp_service::ExportTraceServiceRequest;
use fields::SpanFields;
use intake::{Intake, Origins};

/// Decodes the `body` of one export: an uncompressed `ExportTraceServiceRequest`.
///
/// Memory, as measured: 4.5 times the length of the body for Beyla's bodies, and 32 to 40 times for
/// a body of 16 MiB of empty attributes, events or links. The resource is copied for each further
/// scope: all copies together may add the length of the body and 1 MiB.
///
/// # Errors
/// [`DecodeError`] if the body as a whole cannot be read: no span is accepted. A span that cannot
/// be read is counted in [`DecodedSpans::refused`].
pub fn decode(
    body: &[u8],
    encoding: Encoding,
    recogniser: &Recogniser,
) -> Result<DecodedSpans, DecodeError> {
    let mut spans = Vec::new();
    let refused = decode_each(body, encoding, recogniser, &mut |span| {
        spans.push(span);
        None
    })?;
    Ok(DecodedSpans { spans, refused })
}

/// Decodes like [`decode`], and gives the accepted spans to `take` one after another. A span that
/// `take` returns is decoded into again, so that spans that are needed one at a time take no memory of
/// their own.
///
/// # Errors
/// As for [`decode`]. `take` may have received spans: they are to be discarded.
pub fn decode_each<'t>(
    body: &[u8],
    encoding: Encoding,
    recogniser: &Recogniser,
    take: &'t mut TakeSpan<'t>,
) -> Result<RefusedSpans, DecodeError> {
    let mut intake = Intake::new(take);
    match encoding {
        Encoding::Protobuf => protobuf::decode(body, recogniser, &mut intake)?,
        Encoding::Json => json::decode(body, recogniser, &mut intake)?,
    }
    Ok(intake.refused)
}

/// Converts a request that prost has decoded, by the same rules as [`decode`]. Attributes are
/// moved, not copied.
pub fn convert(request: ExportTraceServiceRequest, recogniser: &Recogniser) -> DecodedSpans {
    let bytes = request.encoded_len();
    let mut spans = Vec::new();
    let mut take = |span| {
        spans.push(span);
        None
    };
    let (mut intake, mut origins) = (Intake::new(&mut take), Origins::new(recogniser, bytes));
    for resource_spans in request.resource_spans {
        origins.enter(value::resource(resource_spans.resource, resource_spans.schema_url));
        for scope_spans in resource_spans.scope_spans {
            let origin = origins.origin(value::scope(scope_spans.scope, scope_spans.schema_url));
            for mut span in scope_spans.spans {
                let bytes = if bytes > MAX_SPAN_BYTES { span.encoded_len() } else { 0 };
                intake.take(SpanFields::of(&mut span), bytes, &origin);
            }
        }
    }
    let refused = intake.refused;
    DecodedSpans { spans, refused }
}
