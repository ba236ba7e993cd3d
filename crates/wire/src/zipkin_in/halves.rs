//! Separates the two halves of a call that have one span id.
//!
//! With B3 propagation, a server reports its half of a call under the id of the client's half. Zipkin
//! keeps both; a store of OTLP has one span for each id, so the server half gets an id of its own.

use std::collections::HashMap;

use coral_trace::{Span, SpanId, SpanKind, TraceId, UnixNanos, Value};

use super::convert::key_value;
use crate::zipkin::{attribute, shared};

/// Gives each server half of `spans` an id of its own, and the client half as its parent. A server
/// half has the flag `shared`, or `spans` have its client half.
pub(super) fn separate(spans: &mut [Span]) {
    let clients: HashMap<(TraceId, SpanId), UnixNanos> = (spans.iter())
        .filter(|span| span.kind == SpanKind::Client)
        .map(|span| ((span.trace_id, span.span_id), span.start))
        .collect();
    for span in spans {
        let client = clients.get(&(span.trace_id, span.span_id));
        let flag = span.attributes.get(attribute::SHARED);
        let is_half = match span.kind {
            SpanKind::Client | SpanKind::Producer => false,
            SpanKind::Server => client.is_some() || flag == Some(&Value::Bool(true)),
            _ => flag == Some(&Value::Bool(true)),
        };
        if is_half {
            move_server_half(span, client.copied());
        }
    }
}

/// Gives `span` an id of its own. A half without a time gets that of its client half.
fn move_server_half(span: &mut Span, client_start: Option<UnixNanos>) {
    let sent = span.span_id;
    span.attributes.0.push(key_value(attribute::ID, sent.to_string().as_str()));
    let parent = span.parent_span_id.replace(sent).map(|parent| parent.to_string());
    let parent = parent.map(|parent| key_value(attribute::PARENT_ID, parent.as_str()));
    span.attributes.0.extend(parent);
    span.span_id = shared::server_half(span.trace_id, sent);
    if let Some(start) = client_start.filter(|_| span.start == UnixNanos(0)) {
        let duration = span.duration();
        (span.start, span.end) = (start, start.later(duration));
    }
}
