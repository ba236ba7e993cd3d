//! OTLP/JSON is decoded leniently, and errors have a position.

use coral_trace::{Attributes, Recogniser, Span, SpanKind, StatusCode, Value};
use coral_wire::otlp_in::{DecodeError, DecodedSpans, Encoding, decode};
use coral_wire::otlp_out::encode_json;

use crate::round_trip::one_span;

const IDS: &str = r#""traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7""#;

fn read(json: &str) -> Result<DecodedSpans, DecodeError> {
    decode(json.as_bytes(), Encoding::Json, &Recogniser::everything_sdk())
}

/// A request with spans of these fields.
fn request(spans: &[&str]) -> String {
    let spans: Vec<_> = spans.iter().map(|fields| format!("{{{fields}}}")).collect();
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, spans.join(","))
}

/// A span with valid ids and these further fields.
fn span(fields: &str) -> Span {
    let mut decoded = read(&request(&[&format!("{IDS},{fields}")])).unwrap();
    assert!(decoded.refused.is_empty(), "{}", decoded.refused.message());
    decoded.spans.remove(0)
}

/// The value of an attribute with this JSON.
fn value(json: &str) -> Value {
    let attribute = format!(r#""attributes":[{{"key":"k","value":{json}}}]"#);
    span(&attribute).attributes.get("k").unwrap().clone()
}

#[test]
fn both_spellings_of_every_name_are_read() {
    let mut full = one_span();
    full.trace_state = "a=b".to_owned();
    full.parent_span_id = Some(full.span_id);
    (full.flags, full.dropped_attributes, full.dropped_events, full.dropped_links) = (1, 2, 3, 4);
    let camel = encode_json(&[full.clone()]);
    let snake = [
        ("resourceSpans", "resource_spans"),
        ("scopeSpans", "scope_spans"),
        ("traceId", "trace_id"),
        ("parentSpanId", "parent_span_id"),
        ("spanId", "span_id"),
        ("traceState", "trace_state"),
        ("startTimeUnixNano", "start_time_unix_nano"),
        ("endTimeUnixNano", "end_time_unix_nano"),
        ("droppedAttributesCount", "dropped_attributes_count"),
        ("droppedEventsCount", "dropped_events_count"),
        ("droppedLinksCount", "dropped_links_count"),
        ("stringValue", "string_value"),
    ]
    .into_iter()
    .fold(camel.clone(), |json, (camel, snake)| {
        let replaced = json.replace(camel, snake);
        assert_ne!(replaced, json, "{camel}");
        replaced
    });
    assert_eq!(read(&camel).unwrap().spans, [full.clone()]);
    assert_eq!(read(&snake).unwrap().spans, [full]);
}

#[test]
fn numbers_are_read_as_numbers_and_as_text() {
    for time in ["1795353298610686771", r#""1795353298610686771""#] {
        let span = span(&format!(r#""startTimeUnixNano":{time}"#));
        assert_eq!(span.start.0, 1_795_353_298_610_686_771);
    }
    for (json, number) in [("7", 7), ("\"7\"", 7), ("7.0", 7), ("7e0", 7), ("null", 0)] {
        assert_eq!(span(&format!(r#""flags":{json}"#)).flags, number, "{json}");
    }
}

#[test]
fn enums_are_read_as_numbers_and_as_names_and_unknown_ones_are_unspecified() {
    for (json, kind) in [
        ("3", SpanKind::Client),
        ("\"SPAN_KIND_CLIENT\"", SpanKind::Client),
        ("\"3\"", SpanKind::Client),
        ("\"SPAN_KIND_NEW\"", SpanKind::Unspecified),
        ("99999999999", SpanKind::Unspecified),
        ("-1", SpanKind::Unspecified),
        ("null", SpanKind::Unspecified),
    ] {
        assert_eq!(span(&format!(r#""kind":{json}"#)).kind, kind, "{json}");
    }
    let failed = span(r#""status":{"code":"STATUS_CODE_ERROR","message":"no"}"#);
    assert_eq!((failed.status.code, failed.status.message.as_str()), (StatusCode::Error, "no"));
}

#[test]
fn every_type_of_value_is_read() {
    let map: Attributes = [("a", 1)].into_iter().collect();
    for (json, expected) in [
        ("{}", Value::Empty),
        ("null", Value::Empty),
        (r#"{"stringValue":null}"#, Value::Empty),
        (r#"{"newValue":{"deep":[1,{}]},"boolValue":false}"#, false.into()),
        (r#"{"stringValue":""}"#, "".into()),
        (r#"{"intValue":"-9223372036854775808"}"#, i64::MIN.into()),
        (r#"{"int_value":5}"#, 5.into()),
        (r#"{"doubleValue":5}"#, 5.0.into()),
        (r#"{"doubleValue":"NaN"}"#, f64::NAN.into()),
        (r#"{"doubleValue":"-Infinity"}"#, f64::NEG_INFINITY.into()),
        (r#"{"doubleValue":"1.5"}"#, 1.5.into()),
        (r#"{"bytesValue":"+/8="}"#, Value::Bytes(vec![0xfb, 0xff])),
        (r#"{"bytesValue":"-_8"}"#, Value::Bytes(vec![0xfb, 0xff])),
        (r#"{"arrayValue":{}}"#, Value::Array(vec![])),
        (
            r#"{"array_value":{"values":[{"boolValue":true},{}]}}"#,
            Value::Array(vec![true.into(), Value::Empty]),
        ),
        (r#"{"kvlistValue":{"values":[{"key":"a","value":{"intValue":1}}]}}"#, Value::Map(map)),
        (r#"{"kvlist_value":{"values":null}}"#, Value::Map(Attributes::default())),
    ] {
        assert_eq!(value(json), expected, "{json}");
    }
}

#[test]
fn null_and_absent_are_the_same() {
    let nulls = r#""traceState":null,"parentSpanId":null,"flags":null,"name":null,"kind":null,
        "startTimeUnixNano":null,"attributes":null,"events":null,"links":null,"status":null,
        "droppedLinksCount":null,"unknown":null"#;
    assert_eq!(span(nulls), span(r#""name":"""#));
    for nothing in [
        "{}",
        r#"{"resourceSpans":null}"#,
        r#"{"resourceSpans":[{"resource":null,"scopeSpans":null,"schemaUrl":null}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"scope":null,"spans":null},{}]},{}]}"#,
    ] {
        assert_eq!(read(nothing), Ok(DecodedSpans::default()), "{nothing}");
    }
}

#[test]
fn ids_are_hex_of_either_case_and_a_bad_one_costs_its_span_only() {
    let good = format!(r#"{IDS},"name":"good""#);
    for (bad, reason) in [
        (good.replace("4bf9", "zzzz"), "trace_id: 'z' is not a hex digit"),
        (
            good.replace("4bf92f3577b34da6a3ce929d0e0e4736", "S/kvNXezTaajzpKdDg5HNg=="),
            "trace_id: 'S' is not a hex digit",
        ),
        (good.replace("00f0", ""), "span_id: 12 long, expected 16 hex digits"),
        (good.replace("spanId", "other"), "span_id: 0 long, expected 16 hex digits"),
        (format!(r#"{good},"parentSpanId":"1""#), "parent_span_id: 1 long, expected 16 hex digits"),
    ] {
        let upper =
            good.replace("4bf92f3577b34da6a3ce929d0e0e4736", "4BF92F3577B34DA6A3CE929D0E0E4736");
        let decoded = read(&request(&[&good, &bad, &upper])).unwrap();
        assert_eq!(decoded.spans.len(), 2);
        assert_eq!(decoded.spans[0], decoded.spans[1]);
        let message = format!("1 span refused: {reason} (first: span `good`)");
        assert_eq!(decoded.refused.message(), message);
    }
}

#[test]
fn what_is_no_otlp_is_located() {
    for (json, text) in [
        ("", "malformed JSON at line 1, column 0: EOF while parsing a value"),
        (
            "{\n  \"resourceSpans\": 7}",
            "malformed JSON at line 2, column 20: invalid type: integer `7`, expected a list",
        ),
        ("{} x", "malformed JSON at line 1, column 4: trailing characters"),
        (
            r#"{"resourceSpans":[{"schemaUrl":"\ud800"}]}"#,
            "malformed JSON at line 1, column 39: unexpected end of hex escape",
        ),
    ] {
        assert_eq!(read(json).unwrap_err().to_string(), text, "{json}");
    }
    let long = format!(r#"{{"resourceSpans":"{}"}}"#, "\\u001b".repeat(100_000));
    let text = read(&long).unwrap_err().to_string();
    assert!(text.len() < 300 && !text.contains(char::is_control), "{text}");
    assert!(read(&request(&[&format!(r#"{IDS},"flags":4294967296"#)])).is_err());
    assert!(read(&request(&[&format!(r#"{IDS},"flags":1.5"#)])).is_err());
}
