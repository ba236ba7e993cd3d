//! What is sent to a Jaeger and to a colony.

use serde_json::{Value, json};

use super::super::super::{decode, recordings};
use super::TRACE;

/// Requests of exporters: content type, body and number of spans.
pub(super) fn exports(start: i64) -> Vec<(&'static str, Vec<u8>, u64)> {
    let mut all: Vec<(&str, Vec<u8>, u64)> = recordings()
        .into_values()
        .take(40)
        .map(|body| {
            let spans = decode(&body).len() as u64;
            ("application/x-protobuf", body, spans)
        })
        .collect();
    all.push(("application/json", everything(start).to_string().into_bytes(), 8));
    all
}

/// Spans with everything that OTLP has, of `front`, `back` and `last`.
fn everything(start: i64) -> Value {
    let at = |us: i64| (i128::from(start + us) * 1_000).to_string();
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let span = |trace: &str, id: &str, parent: &str, name: &str, kind: u8, from: i64, to: i64| {
        json!({"traceId": trace, "spanId": format!("00000000000000{id}"), "name": name, "kind": kind,
            "parentSpanId": if parent.is_empty() { String::new() } else { format!("00000000000000{parent}") },
            "startTimeUnixNano": at(from), "endTimeUnixNano": at(to)})
    };
    let with = |mut span: Value, more: Value| {
        span.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        span
    };
    let first = with(
        span(TRACE, "a1", "", "GET /x", 2, 0, 50_000),
        json!({
            "traceState": "a=1,b=2", "flags": 1, "status": {"code": 2, "message": "it failed"},
            "attributes": [text("s", "text"), text("empty", ""),
                {"key": "b", "value": {"boolValue": true}}, {"key": "i", "value": {"intValue": "42"}},
                {"key": "d", "value": {"doubleValue": 1.5}}, {"key": "by", "value": {"bytesValue": "AQID"}},
                {"key": "arr", "value": {"arrayValue": {"values": [{"stringValue": "x"}, {"intValue": "1"}]}}},
                {"key": "m", "value": {"kvlistValue": {"values": [text("k", "v")]}}}],
            "events": [{"timeUnixNano": at(1_000), "name": "exception",
                "attributes": [text("exception.message", "bad")]}, {"timeUnixNano": at(2_000), "name": ""}],
            "links": [{"traceId": "11111111111111111111111111111111", "spanId": "2222222222222222",
                "traceState": "z=1", "attributes": [text("l", "1")]}],
        }),
    );
    let ok = json!({"attributes": [text("db.system", "postgresql")], "status": {"code": 1}});
    let short = format!("{:0>32}", "1234567890abcdef");
    json!({"resourceSpans": [
        {"resource": {"attributes": [text("service.name", "front"), text("host.name", "h1"),
            {"key": "n", "value": {"intValue": "7"}}]},
         "scopeSpans": [{"scope": {"name": "lib", "version": "1.2"}, "spans": [
            first,
            with(span(TRACE, "a2", "a1", "SELECT", 3, 5_000, 15_000), ok),
            span(TRACE, "a3", "a1", "work", 1, 16_000, 17_000),
            span(TRACE, "a4", "a3", "send", 4, 16_100, 16_900),
            span(TRACE, "a5", "ff", "orphan", 1, 16_100, 16_900)]}]},
        {"resource": {"attributes": [text("service.name", "back"), text("host.name", "h2")]},
         "scopeSpans": [{"spans": [
            span(TRACE, "b1", "a2", "serve", 2, 4_000, 13_000),
            span(&short, "c1", "", "short id", 2, 3_000_000, 3_000_900)]}]},
        {"resource": {"attributes": [text("service.name", "last")]},
         "scopeSpans": [{"spans": [span(&short.replace("cdef", "cdee"), "d1", "", "last", 2, 4_000_000, 4_000_900)]}]},
    ]})
}
