//! Encodes spans as the JSON of Zipkin's v2 API.
//!
//! A span that [`zipkin_in`](crate::zipkin_in) decoded comes out as it was sent. A span of OTLP comes
//! out as OpenTelemetry's exporters write it: resource, scope, status, links and trace state become
//! tags, and events become annotations. Times are cut to microseconds. Source: "OpenTelemetry to
//! Zipkin Transformation"; opentelemetry-collector-contrib, `pkg/translator/zipkin`.

mod convert;
mod endpoint;
mod tags;
#[cfg(test)]
mod tests;

use coral_trace::Span;

use crate::zipkin::span_json::SpanJson;

/// Encodes `spans` as an array.
pub fn encode(spans: &[Span]) -> String {
    json(&of(spans))
}

/// Encodes `traces` as an array of arrays.
pub fn encode_traces(traces: &[Vec<Span>]) -> String {
    let traces: Vec<Vec<SpanJson<'_>>> = traces.iter().map(|spans| of(spans)).collect();
    json(&traces)
}

fn of(spans: &[Span]) -> Vec<SpanJson<'_>> {
    spans.iter().map(convert::span).collect()
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("texts and numbers have a JSON form")
}
