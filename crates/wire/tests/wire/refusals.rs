//! An invalid span is refused alone, with a reason.

use coral_trace::{Recogniser, Span, UnixNanos, Value};
use coral_wire::otlp_in::{
    DecodeError, DecodedSpans, Encoding, MAX_ORIGIN_BYTES, MAX_SPAN_BYTES, convert, decode,
};
use coral_wire::otlp_out::{encode, to_request};
use coral_wire::otlp_service::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::{self as proto, span};
use prost::Message;

use crate::round_trip::one_span;

/// Decodes two valid spans and, between them, one that `spoil` made invalid. Returns the number of
/// accepted spans, and the message about refused ones.
fn taken_beside(spoil: impl Fn(&mut proto::Span)) -> (usize, String) {
    let mut request = to_request(&[one_span(), one_span(), one_span()]);
    spoil(&mut request.resource_spans[0].scope_spans[0].spans[1]);
    let decoded = both_ways(&request);
    (decoded.spans.len(), decoded.refused.message())
}

fn both_ways(request: &ExportTraceServiceRequest) -> DecodedSpans {
    let sdk = Recogniser::everything_sdk();
    let decoded = decode(&request.encode_to_vec(), Encoding::Protobuf, &sdk).unwrap();
    assert_eq!(decoded.refused.spans, convert(request.clone(), &sdk).refused.spans);
    assert_eq!(decoded.spans, convert(request.clone(), &sdk).spans);
    decoded
}

#[test]
fn a_span_with_a_bad_id_is_refused_and_its_neighbours_are_taken() {
    type Spoil = fn(&mut proto::Span);
    let rows: [(Spoil, &str); 6] = [
        (|span| span.trace_id = vec![1; 8], "trace_id: 8 long, expected 16 bytes"),
        (|span| span.trace_id.clear(), "trace_id: 0 long, expected 16 bytes"),
        (|span| span.trace_id = vec![0; 16], "trace_id: all zero, which means no id"),
        (|span| span.span_id = vec![1; 9], "span_id: 9 long, expected 8 bytes"),
        (|span| span.span_id = vec![0; 8], "span_id: all zero, which means no id"),
        (|span| span.parent_span_id = vec![1; 4], "parent_span_id: 4 long, expected 8 bytes"),
    ];
    for (spoil, reason) in rows {
        let message = format!("1 span refused: {reason} (first: span `GET /`)");
        assert_eq!(taken_beside(spoil), (2, message));
    }
}

#[test]
fn a_parent_of_zeros_is_no_parent() {
    let zeros = taken_beside(|span| span.parent_span_id = vec![0; 8]);
    assert_eq!(zeros, (3, String::new()));
}

#[test]
fn a_link_with_a_bad_id_is_dropped_from_its_span_and_counted() {
    let mut span = one_span();
    span.dropped_links = 3;
    let mut request = to_request(&[span]);
    let good = span::Link { trace_id: vec![1; 16], span_id: vec![1; 8], ..span::Link::default() };
    let bad = span::Link { trace_id: vec![1; 16], span_id: vec![1; 3], ..span::Link::default() };
    request.resource_spans[0].scope_spans[0].spans[0].links = vec![bad.clone(), good, bad];
    let decoded = both_ways(&request);
    assert_eq!((decoded.spans[0].links.len(), decoded.spans[0].dropped_links), (1, 5));
    assert!(decoded.spans[0].links.capacity() <= 4, "what was dropped is not kept in memory");
    assert_eq!((decoded.refused.spans, decoded.refused.links), (0, 2));
    assert_eq!(
        decoded.refused.message(),
        "2 links dropped: span_id: 3 long, expected 8 bytes (first: span `GET /`)"
    );
}

#[test]
fn a_span_over_a_mebibyte_is_refused_and_one_of_a_mebibyte_is_taken() {
    let overhead =
        to_request(&[one_span()]).resource_spans[0].scope_spans[0].spans[0].encoded_len();
    let fill = |bytes: usize| {
        // The name's length takes three bytes instead of one.
        taken_beside(move |span| span.name = "n".repeat(bytes - overhead + "GET /".len() - 2))
    };
    assert_eq!(fill(MAX_SPAN_BYTES).0, 3);
    let (taken, message) = fill(MAX_SPAN_BYTES + 1);
    assert_eq!(taken, 2);
    assert_eq!(message, "1 span refused: 1048577 bytes long, at most 1048576 are taken");
}

#[test]
fn a_resource_over_a_mebibyte_costs_the_spans_under_it() {
    let mut request = to_request(&[one_span(), one_span()]);
    request.resource_spans.push(request.resource_spans[0].clone());
    let long = &mut request.resource_spans[0];
    long.schema_url = "u".repeat(MAX_ORIGIN_BYTES);
    long.scope_spans.push(long.scope_spans[0].clone());
    let decoded = both_ways(&request);
    assert_eq!((decoded.spans.len(), decoded.refused.spans), (2, 4));
    assert!(decoded.refused.message().contains("at most 1048576 are taken"));
}

#[test]
fn a_long_resource_is_not_multiplied_by_many_scopes() {
    let mut request = to_request(&[one_span()]);
    let resource_spans = &mut request.resource_spans[0];
    resource_spans.schema_url = "u".repeat(MAX_ORIGIN_BYTES / 2);
    let scope_spans = resource_spans.scope_spans.remove(0);
    resource_spans.scope_spans.extend((0..100).map(|number| proto::ScopeSpans {
        schema_url: format!("scope {number}"),
        ..scope_spans.clone()
    }));
    let decoded = both_ways(&request);
    // The resource is moved once, and then copied as long as all copies together are no longer than
    // the body and a mebibyte.
    assert_eq!((decoded.spans.len(), decoded.refused.spans), (4, 96));
    let message = decoded.refused.message();
    assert_eq!(message, "96 spans refused: its resource has too many scopes (first: span `GET /`)");
}

#[test]
fn times_kinds_and_statuses_are_taken_however_odd() {
    let mut request = to_request(&[one_span()]);
    let odd = &mut request.resource_spans[0].scope_spans[0].spans[0];
    (odd.start_time_unix_nano, odd.end_time_unix_nano) = (u64::MAX, 0);
    odd.kind = 77;
    odd.status = Some(proto::Status { code: -1, message: "odd".to_owned() });
    let Span { start, end, kind, status, .. } = both_ways(&request).spans.remove(0);
    assert_eq!((start, end), (UnixNanos::MAX, UnixNanos(0)));
    assert_eq!((kind, status.code), (77.into(), (-1).into()));
    assert_eq!(status.message, "odd");
}

#[test]
fn a_value_that_only_profiles_may_send_is_empty() {
    let value = AnyValue { value: Some(any_value::Value::StringValueStrindex(7)) };
    let key = || "key".to_owned();
    let mut request = to_request(&[one_span()]);
    request.resource_spans[0].scope_spans[0].spans[0].attributes = vec![
        KeyValue { key: key(), value: Some(value), key_strindex: 0 },
        KeyValue { key: key(), value: Some(AnyValue { value: None }), key_strindex: 0 },
        KeyValue { key: key(), value: None, key_strindex: 3 },
    ];
    let values: Vec<_> =
        both_ways(&request).spans[0].attributes.iter().map(|kv| kv.value.clone()).collect();
    assert_eq!(values, [Value::Empty, Value::Empty, Value::Empty]);
}

#[test]
fn a_name_that_is_not_utf_8_costs_its_span_only() {
    let mut body = encode(&[one_span(), one_span()]);
    let name = body.windows(5).position(|bytes| bytes == b"GET /").unwrap();
    body[name] = 0xff;
    let decoded = decode(&body, Encoding::Protobuf, &Recogniser::everything_sdk()).unwrap();
    assert_eq!(decoded.spans, [one_span()]);
    let message = decoded.refused.message();
    assert!(message.starts_with("1 span refused: malformed protobuf: Span.name: "), "{message}");
}

#[test]
fn a_resource_that_is_not_utf_8_costs_the_request_and_is_located() {
    let mut body = encode(&[one_span()]);
    let service = body.windows(4).position(|bytes| bytes == b"cart").unwrap();
    body[service] = 0xff;
    let error = decode(&body, Encoding::Protobuf, &Recogniser::everything_sdk()).unwrap_err();
    let text = error.to_string();
    let DecodeError::Protobuf { message, offset, what } = error else { panic!("{text}") };
    assert_eq!((message, offset), ("Resource", 4));
    assert!(what.contains("UTF-8"), "{what}");
}

#[test]
fn a_body_that_is_cut_short_is_located() {
    let body = encode(&[one_span()]);
    let cut = &body[..body.len() - 1];
    let error = decode(cut, Encoding::Protobuf, &Recogniser::everything_sdk()).unwrap_err();
    let (announced, left) = (body.len() - 2, body.len() - 3);
    assert_eq!(
        error.to_string(),
        format!(
            "malformed protobuf in `ExportTraceServiceRequest` at byte 0: \
             {announced} bytes announced, {left} left"
        )
    );
}

#[test]
fn a_resource_may_stand_behind_its_spans() {
    let body = encode(&[one_span()]);
    let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
    let resource_spans = &request.resource_spans[0];
    let behind = proto::ResourceSpans { resource: None, ..resource_spans.clone() };
    let ahead =
        proto::ResourceSpans { resource: resource_spans.resource.clone(), ..Default::default() };
    let fields = [behind.encode_to_vec(), ahead.encode_to_vec()].concat();
    let mut body = vec![0x0a];
    prost::encode_length_delimiter(fields.len(), &mut body).unwrap();
    body.extend(fields);
    let decoded = decode(&body, Encoding::Protobuf, &Recogniser::everything_sdk()).unwrap();
    assert_eq!(decoded.spans, [one_span()]);
}

#[test]
fn many_reasons_are_summed_up_and_control_characters_are_escaped() {
    let mut request = to_request(&vec![one_span(); 20]);
    let spans = &mut request.resource_spans[0].scope_spans[0].spans;
    for (length, span) in spans.iter_mut().enumerate() {
        span.trace_id = vec![1; length.min(10)];
        span.name = format!("\u{1b}[2J{}", "\n".repeat(10_000));
    }
    let message = both_ways(&request).refused.message();
    assert!(message.starts_with(
        r"20 spans refused: 1 trace_id: 0 long, expected 16 bytes (first: span `\u{1b}[2J\u{a}\u{a}"
    ));
    assert!(message.ends_with("; 17 for other reasons"), "{message}");
    assert!(message.len() < 2_048 && !message.contains(char::is_control));
}
