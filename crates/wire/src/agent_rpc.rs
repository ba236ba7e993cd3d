//! What a colony asks an agent: `proto/coral/agent/v1/agent.proto`, spans in RFD 036's shape, and metrics in
//! RFD 032's.

mod metrics;

pub use metrics::{ReceivedMetrics, put_metrics, take_metrics};

pub mod begin;

use coral_trace::{Attributes, Span, UnixNanos};
use prost_types::{Duration, Timestamp};
use std::collections::BTreeMap;

/// The generated messages, client and server; documented in the `.proto` file.
#[allow(missing_docs, clippy::all)]
pub mod proto {
    include!("generated/coral.agent.v1.rs");
}

/// What RFD 036 says of a span. Events, links, scope and the types of attributes have no place in
/// it; `SPAN_ENCODING_OTLP` carries them.
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

/// Bytes that `span` takes in an answer as [`proto::BeylaTraceSpan`], its own tag and length included.
pub fn rfd_span_len(span: &Span) -> usize {
    use prost::Message as _;
    /// A tag of one byte and a length of up to five.
    const FRAME: usize = 6;
    proto::BeylaTraceSpan::from(span).encoded_len() + FRAME
}

/// `instant` to the nanosecond.
pub fn timestamp(instant: UnixNanos) -> Timestamp {
    let (seconds, nanos) = (instant.0 / 1_000_000_000, instant.0 % 1_000_000_000);
    Timestamp { seconds: seconds as i64, nanos: nanos as i32 }
}

fn duration(duration: std::time::Duration) -> Duration {
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    Duration { seconds, nanos: duration.subsec_nanos() as i32 }
}

/// The first of several values under one key answers, as everywhere.
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
