//! What Zipkin's JSON becomes.

use coral_trace::{Recogniser, Span, SpanKind, StatusCode, UnixNanos, Value};

use super::*;

const TRACE: &str = "5af7183fb1d4cf5f";

fn decoded(json: &str) -> DecodedSpans {
    decode(json.as_bytes(), &Recogniser::default()).unwrap()
}

fn one(fields: &str) -> Span {
    let json = format!(r#"[{{"traceId":"{TRACE}","id":"352bff9a74ca9ad2",{fields}}}]"#);
    let DecodedSpans { mut spans, refused } = decoded(&json);
    assert!(refused.is_empty(), "{}", refused.message());
    spans.remove(0)
}

#[test]
fn a_span_is_mapped_as_opentelemetrys_translator_does() {
    let span = one(r#""parentId":"6b221d5bc9e6496c","kind":"CLIENT","name":"get /api",
        "timestamp":1556604172355737,"duration":1431,
        "localEndpoint":{"serviceName":"backend","ipv4":"192.168.99.1","port":3306},
        "remoteEndpoint":{"serviceName":"mysql","ipv6":"2001:db8::c001","port":9000},
        "annotations":[{"timestamp":1556604172355800,"value":"ws"}],
        "tags":{"http.method":"GET","host.name":"web-1","otel.library.name":"io.brave",
                "otel.library.version":"1.0","w3c.tracestate":"k=v"}"#);
    assert_eq!(span.trace_id.to_string(), format!("0000000000000000{TRACE}"));
    assert_eq!(span.parent_span_id.unwrap().to_string(), "6b221d5bc9e6496c");
    assert_eq!((span.kind, span.name.as_str()), (SpanKind::Client, "get /api"));
    assert_eq!(span.start, UnixNanos(1_556_604_172_355_737_000));
    assert_eq!(span.end, UnixNanos(1_556_604_172_357_168_000));
    assert_eq!(span.origin.service_name(), "backend");
    assert_eq!(span.origin.resource.attributes.text("host.name"), Some("web-1"));
    assert_eq!((&*span.origin.scope.name, &*span.origin.scope.version), ("io.brave", "1.0"));
    assert_eq!(span.trace_state, "k=v");
    let expected: coral_trace::Attributes = [
        ("net.host.ip", Value::from("192.168.99.1")),
        ("net.host.port", Value::Int(3306)),
        ("peer.service", Value::from("mysql")),
        ("net.peer.ip", Value::from("2001:db8::c001")),
        ("net.peer.port", Value::Int(9000)),
        ("http.method", Value::from("GET")),
    ]
    .into_iter()
    .collect();
    assert_eq!(span.attributes, expected);
    let event = &span.events[0];
    assert_eq!((&*event.name, event.time), ("ws", UnixNanos(1_556_604_172_355_800_000)));
}

#[test]
fn the_tag_error_is_the_status() {
    for (tags, code, message) in [
        (r#""error":"""#, StatusCode::Error, ""),
        (r#""error":"true""#, StatusCode::Error, ""),
        (r#""error":"no route""#, StatusCode::Error, "no route"),
        (r#""error":"false""#, StatusCode::Unset, ""),
        (r#""otel.status_code":"OK""#, StatusCode::Ok, ""),
        (r#""otel.status_code":"STATUS_CODE_ERROR","error":"true""#, StatusCode::Error, ""),
        (r#""otel.status_code":"ERROR","error":"no""#, StatusCode::Error, "no"),
        (r#""otel.status_code":"?""#, StatusCode::Unset, ""),
        ("", StatusCode::Unset, ""),
    ] {
        let span = one(&format!(r#""tags":{{{tags}}}"#));
        assert_eq!((span.status.code, &*span.status.message), (code, message), "{tags}");
    }
}

#[test]
fn a_span_without_a_time_starts_with_its_first_annotation() {
    let span = one(r#""annotations":[{"timestamp":9,"value":"b"},{"timestamp":7,"value":"a"}]"#);
    assert_eq!((span.start, span.end), (UnixNanos(7_000), UnixNanos(7_000)));
    assert_eq!(span.attributes.get("otel.zipkin.absentField.startTime"), Some(&Value::Bool(true)));
    for absent in [r#""timestamp":null"#, r#""timestamp":0"#, r#""timestamp":-5,"duration":null"#] {
        assert_eq!(one(absent).start, UnixNanos(0), "{absent}");
    }
}

#[test]
fn a_server_half_gets_an_id_of_its_own_and_its_client_half_as_parent() {
    let half = |kind: &str, more: &str| {
        format!(r#"{{"traceId":"{TRACE}","id":"6b221d5bc9e6496c","kind":"{kind}"{more}}}"#)
    };
    let (client, server) = (half("CLIENT", r#","timestamp":5"#), half("SERVER", ""));
    let flagged = half("SERVER", r#","shared":true,"parentId":"1""#);
    let ids = |json: String| {
        let spans = decoded(&json).spans.into_iter();
        let ids = spans.map(|span| (span.span_id, span.parent_span_id, span.start.0));
        ids.collect::<Vec<_>>()
    };
    let both = ids(format!("[{server},{client}]"));
    let (moved, client) = (both[0], both[1]);
    assert_eq!((client.0.to_string().as_str(), client.1), ("6b221d5bc9e6496c", None));
    assert_eq!((moved.1, moved.2), (Some(client.0), 5_000), "the half has the client's start");
    assert_ne!(moved.0, client.0);
    let alone = ids(format!("[{flagged}]"));
    assert_eq!((alone[0].0, alone[0].1), (moved.0, Some(client.0)), "the id is the same alone");
    let plain = ids(format!("[{server}]"));
    assert_eq!((plain[0].0, plain[0].1), (client.0, None), "nothing says that the id is shared");
    let flagged_client = ids(format!("[{}]", half("CLIENT", r#","shared":true"#)));
    assert_eq!(flagged_client[0].0, client.0);
}

#[test]
fn an_invalid_span_is_refused_alone_with_the_reason() {
    let good = format!(r#"{{"traceId":"{TRACE}","id":"2"}}"#);
    for (bad, reason) in [
        (r#"{"id":"1"}"#.to_owned(), "traceId: 0 long, expected 1 to 32 hex digits"),
        (format!(r#"{{"traceId":"{TRACE}"}}"#), "id: 0 long, expected 1 to 16 hex digits"),
        (r#"{"traceId":"xyz","id":"1"}"#.to_owned(), "traceId: 'x' is not a hex digit"),
        (r#"{"traceId":"0","id":"1"}"#.to_owned(), "traceId: all zero, which means no id"),
        (format!(r#"{{"traceId":"{TRACE}","id":"é"}}"#), "id: 'é' is not a hex digit"),
        (
            format!(r#"{{"traceId":"{TRACE}{TRACE}0","id":"1"}}"#),
            "traceId: 33 long, expected 1 to 32 hex digits",
        ),
        (
            format!(r#"{{"traceId":"{TRACE}","id":"1","kind":"BROKER","name":"x"}}"#),
            "kind: `BROKER` is not CLIENT, SERVER, PRODUCER or CONSUMER (first: span `x`)",
        ),
        (
            format!(r#"{{"traceId":"{TRACE}","id":"1","timestamp":9000000000000000000}}"#),
            "timestamp: later than the year 2554",
        ),
    ] {
        let DecodedSpans { spans, refused } = decoded(&format!("[{bad},{good}]"));
        assert_eq!((spans.len(), refused.spans), (1, 1), "{bad}");
        assert_eq!(refused.message(), format!("1 span refused: {reason}"));
    }
    let long = "x".repeat(crate::otlp::MAX_SPAN_BYTES);
    let huge = format!(r#"[{{"traceId":"{TRACE}","id":"1","tags":{{"a":"{long}"}}}},{good}]"#);
    assert_eq!(decoded(&huge).refused.spans, 1);
}

#[test]
fn a_body_that_is_no_array_of_v2_spans_is_refused_entirely() {
    let recogniser = Recogniser::default();
    for (body, reason) in [
        ("{}", "an array of Zipkin v2 spans"),
        ("[", "EOF while parsing"),
        ("[1]", "expected a span"),
        (r#"[{"traceId":7}]"#, "expected a string"),
        (r#"[{"tags":{"a":[]}}]"#, "a tag's value"),
        (r#"[{"annotations":[{}]}]"#, "missing field `timestamp`"),
        (r#"[{"binaryAnnotations":[]}]"#, "Zipkin's v1 format"),
        ("[] x", "trailing characters"),
    ] {
        let error = decode(body.as_bytes(), &recogniser).unwrap_err().to_string();
        assert!(error.contains(reason), "{body}: {error}");
    }
    for nothing in ["", " \n", "[]"] {
        assert_eq!(decoded(nothing), DecodedSpans::default());
    }
}

#[test]
fn ids_are_read_in_any_case_and_with_or_without_padding() {
    let json = r#"[{"traceId":"5AF7183FB1D4CF5F","id":"A","parentId":"0"},
                   {"traceId":"00000000000000005af7183fb1d4cf5f","id":"000000000000000a"}]"#;
    let spans = decoded(json).spans;
    assert_eq!((spans[0].trace_id, spans[0].span_id), (spans[1].trace_id, spans[1].span_id));
    assert_eq!(spans[0].parent_span_id, None);
    assert_eq!(one(r#""parentId":"352bff9a74ca9ad2""#).parent_span_id, None, "its own parent");
}

#[test]
fn spans_of_one_service_share_their_origin() {
    let span = |id: u32| {
        format!(r#"{{"traceId":"{TRACE}","id":"{id}","localEndpoint":{{"serviceName":"a"}}}}"#)
    };
    let spans = decoded(&format!("[{},{}]", span(1), span(2))).spans;
    assert!(std::sync::Arc::ptr_eq(&spans[0].origin, &spans[1].origin));
}
