//! No input causes a panic, a stack overflow or unbounded output.

use std::path::Path;

use coral_trace::{Attributes, KeyValue, Recogniser, Span, Value};
use coral_wire::agent_rpc::proto::{QueryBeylaMetricsResponse, SpanPage};
use coral_wire::otlp_in::{DecodeError, Encoding, MAX_NESTING, convert};
use coral_wire::otlp_out::{encode, encode_json, to_request};
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, any_value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use prost::Message as _;

use crate::fixtures;
use crate::properties::{self, checked as check};
use crate::round_trip::one_span;

/// Every tenth capture, in the given encoding.
fn capture(encoding: Encoding) -> impl Strategy<Value = Vec<u8>> {
    let bodies = fixtures::bodies().into_iter().step_by(10).map(|body| match encoding {
        Encoding::Protobuf => body,
        Encoding::Json => encode_json(&check(&body, Encoding::Protobuf).unwrap().spans).into(),
    });
    select(bodies.collect::<Vec<_>>())
}

fn damaged(encoding: Encoding) -> impl Strategy<Value = Vec<u8>> {
    let damage = vec((any::<Index>(), any::<u8>()), 1..6);
    (capture(encoding), damage, any::<Index>(), any::<bool>()).prop_map(
        |(mut body, damage, cut, is_cut)| {
            for (place, byte) in damage {
                *place.get_mut(&mut body) = byte;
            }
            body.truncate(if is_cut { cut.index(body.len()) } else { body.len() });
            body
        },
    )
}

/// An agent's answer with this page.
fn answer_with(otlp: Vec<u8>) -> Vec<u8> {
    let page = Some(SpanPage { otlp, ..SpanPage::default() });
    QueryBeylaMetricsResponse { page, ..QueryBeylaMetricsResponse::default() }.encode_to_vec()
}

proptest! {
    #[test]
    fn random_bytes_are_read_or_refused(body in vec(any::<u8>(), 0..300)) {
        properties::protobuf(&body);
        properties::json(&body);
        properties::answer(&body);
    }

    #[test]
    fn damaged_protobuf_is_read_or_refused(body in damaged(Encoding::Protobuf)) {
        properties::protobuf(&body);
        properties::answer(&answer_with(body));
    }

    #[test]
    fn damaged_json_is_read_or_refused(body in damaged(Encoding::Json)) {
        properties::json(&body);
    }

    #[test]
    fn a_capture_cut_short_is_refused_unless_cut_between_its_resources(
        body in capture(Encoding::Protobuf), cut in any::<Index>(),
    ) {
        let whole = check(&body, Encoding::Protobuf).unwrap().spans;
        if let Ok(part) = check(&body[..cut.index(body.len())], Encoding::Protobuf) {
            prop_assert!(part.refused.is_empty());
            prop_assert!(whole.starts_with(&part.spans));
        }
    }
}

/// A span with an attribute of `levels` nested lists or maps.
fn nested(levels: usize, wrap: fn(Value) -> Value) -> Span {
    let mut span = one_span();
    let value = (0..levels).fold(Value::from("deep"), |value, _| wrap(value));
    span.attributes = Attributes(vec![KeyValue { key: "deep".to_owned(), value }]);
    span
}

fn in_list(value: Value) -> Value {
    Value::Array(vec![value])
}

fn in_map(value: Value) -> Value {
    Value::Map(Attributes(vec![KeyValue { key: "in".to_owned(), value }]))
}

#[test]
fn values_are_taken_to_the_deepest_level_in_every_encoding() {
    for wrap in [in_list, in_map] {
        let span = nested(MAX_NESTING, wrap);
        let spans = [span.clone(), one_span()];
        let protobuf = check(&encode(&spans), Encoding::Protobuf).unwrap();
        let json = check(encode_json(&spans).as_bytes(), Encoding::Json).unwrap();
        assert_eq!((&protobuf.spans[..], &json.spans[..]), (&spans[..], &spans[..]));
    }
}

#[test]
fn a_value_one_level_deeper_costs_its_span_in_every_encoding() {
    for wrap in [in_list, in_map] {
        let spans = [nested(MAX_NESTING + 1, wrap), one_span()];
        let protobuf = check(&encode(&spans), Encoding::Protobuf).unwrap();
        let json = check(encode_json(&spans).as_bytes(), Encoding::Json).unwrap();
        let message =
            "1 span refused: its attributes are nested deeper than 24 levels (first: span `GET /`)";
        for decoded in [protobuf, json] {
            assert_eq!(decoded.spans, [one_span()]);
            assert_eq!(decoded.refused.message(), message);
        }
    }
}

#[test]
fn thousands_of_levels_do_not_overflow_the_stack() {
    let spans = [nested(2_000, in_map), one_span()];
    let decoded = check(&encode(&spans), Encoding::Protobuf).unwrap();
    assert_eq!(decoded.spans, [one_span()]);
    assert_eq!(
        decoded.refused.message(),
        "1 span refused: its attributes are nested deeper than 24 levels"
    );
    let open = r#"{"arrayValue":{"values":["#.repeat(100_000);
    let json = format!(r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"value":{open}"#);
    assert!(matches!(check(json.as_bytes(), Encoding::Json), Err(DecodeError::Nesting { .. })));
    let ignored = format!(r#"{{"unknown":{}"#, "[".repeat(1_000_000));
    assert!(check(ignored.as_bytes(), Encoding::Json).is_err());
}

#[test]
fn a_request_that_was_decoded_elsewhere_is_held_to_the_same_depth() {
    let mut request = to_request(&[nested(1, in_list), one_span()]);
    let value = &mut request.resource_spans[0].scope_spans[0].spans[0].attributes[0].value;
    *value = (0..2_000).fold(value.take(), |inner, _| {
        let list = ArrayValue { values: inner.into_iter().collect() };
        Some(AnyValue { value: Some(any_value::Value::ArrayValue(list)) })
    });
    let decoded = convert(request, &Recogniser::everything_sdk());
    assert_eq!(decoded.spans, [one_span()]);
}

#[test]
fn what_fuzzing_found_stays_found() {
    type Property = fn(&[u8]);
    let targets: [(&str, Property); 3] = [
        ("protobuf", properties::protobuf),
        ("json", properties::json),
        ("answer", properties::answer),
    ];
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/found");
    for (target, property) in targets {
        // A target for which fuzzing found nothing has no folder.
        for file in std::fs::read_dir(found.join(target)).into_iter().flatten() {
            property(&std::fs::read(file.unwrap().path()).unwrap());
        }
    }
    let every_field = std::fs::read(found.join("json/every-field.json")).unwrap();
    let decoded = check(&every_field, Encoding::Json).unwrap();
    assert!(decoded.refused.is_empty() && decoded.spans[0].links.len() == 1);
}
