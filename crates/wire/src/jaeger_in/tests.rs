//! What Jaeger's JSON becomes.

use coral_trace::{Recogniser, SpanKind, StatusCode, UnixNanos, Value};

use super::*;

const TRACE: &str = r#"{"traceID":"7","spans":[{
    "traceID":"7","spanID":"2","operationName":"GET /","startTime":1000000,"duration":500,
    "flags":1,"processID":"p1",
    "references":[{"refType":"FOLLOWS_FROM","traceID":"9","spanID":"3"},
                  {"refType":"CHILD_OF","traceID":"7","spanID":"1"}],
    "tags":[{"key":"otel.scope.name","type":"string","value":"http"},
            {"key":"n","type":"int64","value":5},
            {"key":"big","type":"int64","value":"9007199254740993"},
            {"key":"f","type":"float64","value":5},
            {"key":"b","type":"binary","value":"Zm9v"},
            {"key":"span.kind","type":"string","value":"server"},
            {"key":"otel.status_code","type":"string","value":"ERROR"},
            {"key":"error","type":"bool","value":true},
            {"key":"otel.status_description","type":"string","value":"no"}],
    "logs":[{"timestamp":1000001,"fields":[{"key":"event","type":"string","value":"retry"},
                                           {"key":"k","type":"bool","value":true}]}],
    "warnings":null}],
    "processes":{"p1":{"serviceName":"shop","tags":[
        {"key":"host.name","type":"string","value":"web-1"}]}},"warnings":null}"#;

fn decoded(json: &str) -> DecodedSpans {
    decode(json.as_bytes(), &Recogniser::default()).unwrap()
}

#[test]
fn a_span_is_mapped_as_the_collector_does() {
    let DecodedSpans { spans, refused } = decoded(&format!(r#"{{"data":[{TRACE}],"total":0}}"#));
    assert!(refused.is_empty(), "{}", refused.message());
    let span = &spans[0];
    assert_eq!((span.trace_id.as_u128(), span.span_id.as_u64()), (7, 2));
    assert_eq!(span.parent_span_id.unwrap().as_u64(), 1);
    assert_eq!((span.start, span.end), (UnixNanos(1_000_000_000), UnixNanos(1_000_500_000)));
    assert_eq!((span.kind, span.flags), (SpanKind::Server, 1));
    assert_eq!((span.status.code, span.status.message.as_str()), (StatusCode::Error, "no"));
    let expected: coral_trace::Attributes = [
        ("n", Value::Int(5)),
        ("big", Value::Int(9_007_199_254_740_993)),
        ("f", Value::from(5.0)),
        ("b", Value::Bytes(b"foo".to_vec())),
    ]
    .into_iter()
    .collect();
    assert_eq!(span.attributes, expected);
    assert_eq!((span.links.len(), span.links[0].trace_id.as_u128()), (1, 9));
    assert_eq!(span.links[0].attributes.text("opentracing.ref_type"), Some("follows_from"));
    assert_eq!(span.events[0].name, "retry");
    assert_eq!(span.events[0].attributes.get("k"), Some(&Value::Bool(true)));
    assert_eq!(span.origin.service_name(), "shop");
    assert_eq!(span.origin.resource.attributes.text("host.name"), Some("web-1"));
    assert_eq!(span.origin.scope.name, "http");
}

#[test]
fn one_trace_and_an_array_of_traces_are_read_too() {
    assert_eq!(decoded(TRACE).spans.len(), 1);
    assert_eq!(decoded(&format!("[{TRACE},{TRACE}]")).spans.len(), 2);
    let error = decode(b"{\"x\":1}", &Recogniser::default()).unwrap_err().to_string();
    assert!(error.contains("an object with `data`"), "{error}");
}

#[test]
fn an_invalid_span_is_refused_alone() {
    let json = TRACE.replace(r#""spanID":"2""#, r#""spanID":"x""#);
    let DecodedSpans { spans, refused } = decoded(&format!("[{json},{TRACE}]"));
    assert_eq!((spans.len(), refused.spans), (1, 1));
    let message = refused.message();
    assert!(
        message.contains("spanID: 'x' is not a hex digit (first: trace 1, span 1, `GET /`)"),
        "{message}"
    );
}

#[test]
fn a_span_of_an_unknown_process_is_refused_with_its_name() {
    let json = TRACE.replace(r#""processID":"p1""#, r#""processID":"p7""#);
    assert_ne!(json, TRACE);
    let DecodedSpans { spans, refused } = decoded(&format!("[{TRACE},{json}]"));
    assert_eq!((spans.len(), refused.spans), (1, 1));
    let message = refused.message();
    let expected =
        "processID: `p7` is not among the processes of its trace (first: trace 2, span 1, `GET /`)";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn what_has_a_wrong_type_is_named_with_its_line_and_column() {
    let wrong = [
        ("{\"data\":[{\"spans\":[\n{\"traceID\":7}]}]}", "line 2, column 12"),
        ("[{\"spans\":[\n\n{\"startTime\":\"soon\"}]}]", "line 3, column 19"),
        ("{\"spans\":[{\"tags\":[{\"value\":1}]}]}", "missing field `key`"),
        ("{\"data\":[\n{\"spans\":", "line 2, column 9"),
    ];
    for (json, expected) in wrong {
        let error = decode(json.as_bytes(), &Recogniser::default()).unwrap_err().to_string();
        assert!(error.contains(expected), "{json}: {error}");
        assert!(error.contains("line "), "{json}: {error}");
    }
}
