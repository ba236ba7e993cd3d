//! The RPCs between a colony and an agent: `proto/coral/agent/v1/agent.proto`.

mod metrics;

pub use metrics::{ReceivedMetrics, put_metrics, take_metrics};

pub mod begin;
pub mod lease;

use coral_trace::{Attributes, Span, UnixNanos};
use prost_types::{Duration, Timestamp};
use std::collections::BTreeMap;

/// The generated messages, client and server; documented in the `.proto` file.
#[allow(missing_docs, clippy::all)]
pub mod proto {
    include!("generated/coral.agent.v1.rs");
}

/// Converts a span to a `BeylaTraceSpan`. Of the resource, only `service.name` is kept. Attributes
/// become text. Events, links, scope, status message, trace state and flags are left out;
/// `SPAN_ENCODING_OTLP` keeps everything.
impl From<&Span> for proto::BeylaTraceSpan {
    fn from(span: &Span) -> Self {
        Self {
            trace_id: span.trace_id.to_string(),
            span_id: span.span_id.to_string(),
            parent_span_id: span.parent_span_id.map(|id| id.to_string()).unwrap_or_default(),
            service_name: span.origin.service_name().to_owned(),
            span_name: span.name.clone(),
            span_kind: span.kind.as_str().to_owned(),
            start_time: Some(timestamp(span.start)),
            duration: Some(duration(span.duration())),
            status_code: span.response_status().map(u32::from),
            attributes: texts(&span.attributes),
            span_status: span.status.code.as_str().to_owned(),
        }
    }
}

/// An upper bound of the bytes that `span` adds to an answer as a [`proto::BeylaTraceSpan`], with
/// tag and length.
pub fn span_message_len(span: &Span) -> usize {
    use prost::Message as _;
    /// The most bytes that a field's tag (1) and length (5) can have.
    const FRAME: usize = 6;
    proto::BeylaTraceSpan::from(span).encoded_len() + FRAME
}

/// Converts `instant` to a protobuf timestamp, with all its nanoseconds.
pub fn timestamp(instant: UnixNanos) -> Timestamp {
    let (seconds, nanos) = (instant.0 / 1_000_000_000, instant.0 % 1_000_000_000);
    Timestamp { seconds: seconds as i64, nanos: nanos as i32 }
}

fn duration(duration: std::time::Duration) -> Duration {
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    Duration { seconds, nanos: duration.subsec_nanos() as i32 }
}

/// The values of `attributes` as text. If several attributes have the same key, the first one
/// counts, as everywhere in Coral.
fn texts(attributes: &Attributes) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for attribute in attributes {
        if !texts.contains_key(&attribute.key) {
            texts.insert(attribute.key.clone(), attribute.value.to_string());
        }
    }
    texts
}

#[cfg(test)]
mod tests;
