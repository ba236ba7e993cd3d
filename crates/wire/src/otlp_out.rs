//! Encodes spans as `opentelemetry.proto.trace.v1.TracesData`, which has the same bytes as an
//! `ExportTraceServiceRequest`.
//!
//! Spans are grouped by equal resource, then by equal scope, in order of first appearance. Within a
//! group they keep their order. The collector is not part of OTLP and is left out.

mod group;
mod json;
mod len;
mod protobuf;

use coral_trace::Span;
use prost::Message;

pub use len::{encoded_len, origin_len, span_len};

pub(crate) use len::{resource_len, scope_len};

pub use group::{ByResource, ByScope, by_origin};
pub use json::kind_name;

use json::JsonForm;

use crate::otlp_service::ExportTraceServiceRequest;

/// Encodes `spans` in protobuf.
pub fn encode(spans: &[Span]) -> Vec<u8> {
    to_request(spans).encode_to_vec()
}

/// Encodes `spans` in OTLP/JSON: ids in hex, 64-bit integers as text, enums as numbers.
pub fn encode_json(spans: &[Span]) -> String {
    json::encode(spans, JsonForm::Otlp, "resourceSpans")
}

/// Encodes `spans` as an object with one list of `ResourceSpans` of the name `field`, in protobuf's
/// JSON mapping: see [`JsonForm::Protobuf`].
pub fn encode_protobuf_json(spans: &[Span], field: &str) -> String {
    json::encode(spans, JsonForm::Protobuf, field)
}

/// Converts `spans` to the request that an exporter would send.
pub fn to_request(spans: &[Span]) -> ExportTraceServiceRequest {
    let resource_spans = by_origin(spans).into_iter().map(protobuf::resource_spans).collect();
    ExportTraceServiceRequest { resource_spans }
}
