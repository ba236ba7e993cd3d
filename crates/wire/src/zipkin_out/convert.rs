//! Converts one span.

use coral_trace::{Span, SpanId, SpanKind, TraceId, Value};

use super::endpoint;
use super::tags::tags;
use crate::zipkin::span_json::{AnnotationJson, SpanJson};
use crate::zipkin::{attribute, piped, shared};

pub(super) fn span(span: &Span) -> SpanJson<'_> {
    let (id, parent) = sent_ids(span);
    let flag = |key| match span.attributes.get(key) {
        Some(Value::Bool(flag)) => Some(*flag),
        _ => None,
    };
    let has_no_time = flag(attribute::NO_TIMESTAMP) == Some(true);
    let (local, remote) = (endpoint::local(span), endpoint::remote(span));
    SpanJson {
        trace_id: trace_id(span.trace_id),
        parent_id: parent.map(|id| id.to_string()),
        id: id.to_string(),
        kind: kind(span.kind).map(Into::into),
        name: Some(span.name.as_str().into()).filter(|_| !span.name.is_empty()),
        timestamp: Some(span.start.0 / 1_000).filter(|start| *start > 0 && !has_no_time),
        duration: duration(span),
        tags: tags(span, &[&local.used[..], &remote.used[..]].concat()),
        local_endpoint: local.json,
        remote_endpoint: remote.json,
        annotations: span.events.iter().map(annotation).collect(),
        debug: flag(attribute::DEBUG),
        shared: flag(attribute::SHARED),
        binary_annotations: (),
    }
}

/// The id and the parent that the exporter sent.
pub(super) fn sent_ids(span: &Span) -> (SpanId, Option<SpanId>) {
    let id = |key| span.attributes.text(key).and_then(|text| text.parse::<SpanId>().ok());
    let sent = id(attribute::ID);
    // Any exporter can send an attribute of that name.
    match sent.filter(|sent| shared::server_half(span.trace_id, *sent) == span.span_id) {
        Some(sent) => (sent, id(attribute::PARENT_ID)),
        None => (span.span_id, span.parent_span_id),
    }
}

/// 16 digits for an id of 64 bits, and else 32.
fn trace_id(id: TraceId) -> String {
    match u64::try_from(id.as_u128()) {
        Ok(short) => format!("{short:016x}"),
        Err(_) => id.to_string(),
    }
}

fn kind(kind: SpanKind) -> Option<&'static str> {
    match kind {
        SpanKind::Client => Some("CLIENT"),
        SpanKind::Server => Some("SERVER"),
        SpanKind::Producer => Some("PRODUCER"),
        SpanKind::Consumer => Some("CONSUMER"),
        SpanKind::Internal | SpanKind::Unspecified => None,
    }
}

/// At least 1; `None` for a span that ends when it starts.
fn duration(span: &Span) -> Option<u64> {
    let nanos = span.duration().as_nanos();
    (nanos > 0).then(|| u64::try_from(nanos / 1_000).unwrap_or(u64::MAX).max(1))
}

fn annotation(event: &coral_trace::Event) -> AnnotationJson<'_> {
    AnnotationJson { timestamp: event.time.as_micros(), value: piped::of_event(event).into() }
}
