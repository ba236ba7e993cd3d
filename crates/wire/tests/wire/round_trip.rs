//! Decoding and encoding OTLP changes nothing.

use std::collections::HashSet;
use std::sync::Arc;

use coral_trace::{Recogniser, Span, Value};
use coral_wire::otlp_in::{DecodedSpans, Encoding, RefusedSpans, convert, decode};
use coral_wire::otlp_out::{encode, encode_json, encoded_len, origin_len, span_len, to_request};
use proptest::prelude::*;

use crate::arbitrary;
use crate::properties::{self, grouped};

fn everything(spans: Vec<Span>) -> DecodedSpans {
    DecodedSpans { spans, refused: RefusedSpans::default() }
}

proptest! {
    #[test]
    fn spans_survive_protobuf(spans in arbitrary::spans()) {
        let sdk = Recogniser::everything_sdk();
        let expected = everything(grouped(&spans));
        prop_assert_eq!(&decode(&encode(&spans), Encoding::Protobuf, &sdk).unwrap(), &expected);
        prop_assert_eq!(&convert(to_request(&spans), &sdk), &expected);
    }

    #[test]
    fn what_we_write_is_to_prost_what_it_is_to_us(spans in arbitrary::spans()) {
        properties::protobuf(&encode(&spans));
    }

    #[test]
    fn spans_survive_json(spans in arbitrary::spans()) {
        let json = encode_json(&spans);
        let decoded = decode(json.as_bytes(), Encoding::Json, &Recogniser::everything_sdk());
        prop_assert_eq!(decoded.unwrap(), everything(grouped(&spans)));
    }

    #[test]
    fn a_page_is_never_longer_than_its_spans_and_origins_are_said_to_be(
        spans in arbitrary::spans(),
    ) {
        let origins: HashSet<_> = spans.iter().map(|span| span.origin.as_ref()).collect();
        let bound = spans.iter().map(span_len).sum::<usize>()
            + origins.into_iter().map(origin_len).sum::<usize>();
        prop_assert!(encode(&spans).len() <= bound);
        for span in spans {
            let (said, is) = (encoded_len(&span), encode(std::slice::from_ref(&span)).len());
            let slack = 60 + 9 * span.events.len() + 5 * span.links.len();
            prop_assert!((is..=is + slack).contains(&said), "{said} said, {is} needed");
        }
    }
}

#[test]
fn every_bit_of_a_float_survives_protobuf() {
    let mut span = one_span();
    for bits in [0x7ff8_0000_0000_0001, 0xfff8_0000_0000_0000, 0x8000_0000_0000_0000] {
        span.attributes = [("float", f64::from_bits(bits))].into_iter().collect();
        let sdk = Recogniser::everything_sdk();
        let decoded = decode(&encode(&[span.clone()]), Encoding::Protobuf, &sdk).unwrap();
        assert_eq!(decoded.spans, [span.clone()]);
    }
}

#[test]
fn spans_of_equal_scopes_that_alternate_share_their_origins() {
    let mut request = to_request(&[one_span()]);
    let scope_spans = &mut request.resource_spans[0].scope_spans;
    *scope_spans = vec![scope_spans[0].clone(); 4];
    scope_spans[1].schema_url = "other".to_owned();
    scope_spans[3].schema_url = "other".to_owned();
    let spans = convert(request, &Recogniser::everything_sdk()).spans;
    assert!(Arc::ptr_eq(&spans[0].origin, &spans[2].origin));
    assert!(Arc::ptr_eq(&spans[1].origin, &spans[3].origin));
    assert_eq!(spans[1].origin.scope.schema_url, "other");
    assert_eq!(spans[1].origin.resource, spans[0].origin.resource);
}

#[test]
fn the_recogniser_decides_who_collected_a_span() {
    let body = encode(&[one_span()]);
    for recogniser in [Recogniser::everything_ebpf(), Recogniser::everything_sdk()] {
        let decoded = decode(&body, Encoding::Protobuf, &recogniser).unwrap();
        let origin = &decoded.spans[0].origin;
        let expected = recogniser.collector(&origin.resource, &origin.scope);
        assert_eq!(origin.collector, expected);
    }
}

/// A span with a resource and one attribute.
pub fn one_span() -> Span {
    let json = r#"{"resourceSpans":[
        {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"cart"}}]},
         "scopeSpans":[{"scope":{"name":"lib"},"spans":[
            {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7",
             "name":"GET /","kind":2,"startTimeUnixNano":"1","endTimeUnixNano":"2",
             "attributes":[{"key":"http.route","value":{"stringValue":"/"}}]}]}]}]}"#;
    let sdk = Recogniser::everything_sdk();
    let span = decode(json.as_bytes(), Encoding::Json, &sdk).unwrap().spans.remove(0);
    assert_eq!(span.attributes.get("http.route"), Some(&Value::from("/")));
    span
}
