//! What is read comes out as it was sent, and OTLP as OpenTelemetry's exporters write it.

use std::sync::Arc;

use coral_trace::{
    Attributes, Event, Link, Origin, Recogniser, Resource, Scope, SpanKind, Status, StatusCode,
    UnixNanos, Value, testing,
};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::zipkin_in;

fn round_trip(sent: &str) -> String {
    let decoded = zipkin_in::decode(sent.as_bytes(), &Recogniser::default()).unwrap();
    assert!(decoded.refused.is_empty(), "{}", decoded.refused.message());
    encode(&decoded.spans)
}

/// The example of Zipkin's API, both halves of a call, and each field with an odd value.
const SENT: &str = concat!(
    r#"[{"traceId":"5af7183fb1d4cf5f","parentId":"6b221d5bc9e6496c","id":"352bff9a74ca9ad2","#,
    r#""kind":"CLIENT","name":"get /api","timestamp":1556604172355737,"duration":1431,"#,
    r#""localEndpoint":{"serviceName":"backend","ipv4":"192.168.99.1","port":3306},"#,
    r#""remoteEndpoint":{"serviceName":"mysql","ipv4":"172.19.0.2","ipv6":"2001:db8::c001","#,
    r#""port":58648},"tags":{"error":"500","host.name":"web-1","http.method":"GET"}},"#,
    r#"{"traceId":"5af7183fb1d4cf5f","parentId":"352bff9a74ca9ad2","id":"6b221d5bc9e6496c","#,
    r#""kind":"CLIENT","name":"get","timestamp":1556604172355700,"duration":9},"#,
    r#"{"traceId":"5af7183fb1d4cf5f","parentId":"352bff9a74ca9ad2","id":"6b221d5bc9e6496c","#,
    r#""kind":"SERVER","name":"get","localEndpoint":{"ipv6":"2001:db8::c001"},"#,
    r#""annotations":[{"timestamp":1556604172355702,"value":"a|b"},"#,
    r#"{"timestamp":1556604172355703,"value":"x|{\"k\":1}|2"}],"#,
    r#""tags":{"error":"true","otlp.link.0":"none"},"debug":true,"shared":true},"#,
    r#"{"traceId":"463ac35c9f6413ad48485a3953bb6124","id":"1000000000000000","kind":"PRODUCER","#,
    r#""timestamp":1,"tags":{"otel.status_code":"OK","span.kind":"odd","w3c.tracestate":"k=v"},"#,
    r#""debug":false,"shared":false},"#,
    r#"{"traceId":"463ac35c9f6413ad48485a3953bb6124","id":"2000000000000000","duration":5,"#,
    r#""remoteEndpoint":{"port":80},"tags":{"error":"","span.kind":"internal"}}]"#,
);

#[test]
fn a_list_of_spans_comes_out_as_it_was_sent() {
    assert_eq!(round_trip(SENT), SENT);
}

#[test]
fn what_comes_back_in_another_form_is_known() {
    let span = |fields: &str| {
        format!(r#"[{{"traceId":"5af7183fb1d4cf5f","id":"352bff9a74ca9ad2"{fields}}}]"#)
    };
    for (sent, back) in [
        (r#","parentId":"352bff9a74ca9ad2""#, ""),
        (r#","timestamp":0,"name":"","localEndpoint":{},"remoteEndpoint":null"#, ""),
        (r#","tags":{"peer.service":"b"}"#, r#","remoteEndpoint":{"serviceName":"b"}"#),
        (r#","tags":{"service.name":"a"}"#, r#","localEndpoint":{"serviceName":"a"}"#),
        (r#","tags":{"a":1}"#, r#","tags":{"a":"1"}"#),
        (r#","tags":{"error":"false"}"#, ""),
        (r#","tags":{"otel.library.name":"l"}"#, r#","tags":{"otel.scope.name":"l"}"#),
        (r#","kind":"server""#, r#","kind":"SERVER""#),
        (
            r#","annotations":[{"timestamp":-1,"value":"a"}]"#,
            r#","annotations":[{"timestamp":0,"value":"a"}]"#,
        ),
    ] {
        assert_eq!(round_trip(&span(sent)), span(back), "{sent}");
    }
}

#[test]
fn a_span_of_otlp_is_written_as_opentelemetrys_exporters_do() {
    let mut origin = Origin {
        resource: Resource {
            attributes: [("service.name", "Shop"), ("host.name", "web-1")].into_iter().collect(),
            ..Resource::default()
        },
        scope: Scope { name: "http".into(), version: "1".into(), ..Scope::default() },
        ..Origin::default()
    };
    origin
        .resource
        .attributes
        .0
        .push(coral_trace::KeyValue { key: "process.pid".into(), value: Value::Int(7) });
    let span = Span {
        trace_id: 7.try_into().unwrap(),
        span_id: 1.try_into().unwrap(),
        parent_span_id: None,
        trace_state: "k=v".into(),
        flags: 1,
        name: "GET /Cart".into(),
        kind: SpanKind::Internal,
        start: UnixNanos(1_000_000_999),
        end: UnixNanos(1_000_001_001),
        attributes: [
            ("server.address", Value::from("db-1")),
            ("n", Value::Int(5)),
            ("list", Value::Array(vec![Value::from("a"), Value::from(true)])),
            ("net.peer.port", Value::from("text")),
        ]
        .into_iter()
        .collect(),
        dropped_attributes: 0,
        events: vec![Event {
            time: UnixNanos(1_000_001_000),
            name: "exception".into(),
            attributes: Attributes::from_iter([("exception.message", "no")]),
            dropped_attributes: 0,
        }],
        dropped_events: 0,
        links: vec![Link {
            trace_id: 9.try_into().unwrap(),
            span_id: 3.try_into().unwrap(),
            trace_state: String::new(),
            attributes: Attributes::default(),
            dropped_attributes: 0,
            flags: 0,
        }],
        dropped_links: 0,
        status: Status { code: StatusCode::Error, message: "no".into() },
        origin: Arc::new(origin),
    };
    let json: Json = serde_json::from_str(&encode_traces(&[vec![span]])).unwrap();
    let expected = json!([[{
        "traceId": "0000000000000007", "id": "0000000000000001", "name": "GET /Cart",
        "timestamp": 1_000_000, "duration": 1,
        "localEndpoint": {"serviceName": "Shop"}, "remoteEndpoint": {"serviceName": "db-1"},
        "annotations": [{"timestamp": 1_000_001,
                         "value": "exception|{\"exception.message\":\"no\"}|0"}],
        "tags": {"server.address": "db-1", "n": "5", "list": "[\"a\",true]",
                 "net.peer.port": "text", "host.name": "web-1", "process.pid": "7",
                 "otel.scope.name": "http", "otel.scope.version": "1", "w3c.tracestate": "k=v",
                 "span.kind": "internal", "otel.status_code": "ERROR", "error": "no",
                 "otlp.link.0": "00000000000000000000000000000009|0000000000000003||{}|0"},
    }]]);
    assert_eq!(json, expected);
}

#[test]
fn an_id_that_a_span_only_claims_is_not_returned() {
    let sent = r#"[{"traceId":"5af7183fb1d4cf5f","id":"352bff9a74ca9ad2",
        "tags":{"zipkin.id":"6b221d5bc9e6496c","zipkin.parent_id":"0000000000000001"}}]"#;
    let back = round_trip(sent);
    let expected = concat!(
        r#"[{"traceId":"5af7183fb1d4cf5f","id":"352bff9a74ca9ad2","#,
        r#""tags":{"zipkin.id":"6b221d5bc9e6496c","zipkin.parent_id":"0000000000000001"}}]"#,
    );
    assert_eq!(back, expected);
}

proptest! {
    #[test]
    fn what_is_written_of_any_span_is_read_and_written_alike(span in testing::span()) {
        let first = encode(&[span]);
        let decoded = zipkin_in::decode(first.as_bytes(), &Recogniser::default()).unwrap();
        prop_assert!(decoded.refused.is_empty(), "{}", decoded.refused.message());
        let second = encode(&decoded.spans);
        let third = round_trip(&second);
        prop_assert_eq!(second, third);
    }
}
