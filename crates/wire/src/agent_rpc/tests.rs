//! Spans as messages of the RPCs.

use std::sync::Arc;

use coral_trace::{
    Attributes, Event, Origin, Resource, Span, SpanId, SpanKind, Status, StatusCode, TraceId,
    UnixNanos,
};

use super::proto::BeylaTraceSpan;

fn span(start: u64, end: u64, attributes: Attributes) -> Span {
    let resource = Resource {
        attributes: [("service.name", "cart")].into_iter().collect(),
        ..Resource::default()
    };
    Span {
        trace_id: TraceId::try_from(0xab_u128).unwrap(),
        span_id: SpanId::try_from(0xcd_u64).unwrap(),
        parent_span_id: None,
        trace_state: String::new(),
        flags: 0,
        name: "GET /".to_owned(),
        kind: SpanKind::Server,
        start: UnixNanos(start),
        end: UnixNanos(end),
        attributes,
        dropped_attributes: 0,
        events: vec![Event::default()],
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: Status { code: StatusCode::Error, message: String::new() },
        origin: Arc::new(Origin { resource, ..Origin::default() }),
    }
}

#[test]
fn a_span_keeps_its_nanoseconds_as_a_message() {
    let status = [("http.response.status_code", 503)].into_iter().collect();
    let message =
        BeylaTraceSpan::from(&span(1_700_000_000_123_456_789, 1_700_000_002_000_000_000, status));
    assert_eq!(message.trace_id, "000000000000000000000000000000ab");
    assert_eq!(message.span_id, "00000000000000cd");
    assert_eq!(message.parent_span_id, "");
    assert_eq!((message.service_name.as_str(), message.span_name.as_str()), ("cart", "GET /"));
    assert_eq!((message.span_kind.as_str(), message.span_status.as_str()), ("server", "error"));
    let start = message.start_time.unwrap();
    assert_eq!((start.seconds, start.nanos), (1_700_000_000, 123_456_789));
    let duration = message.duration.unwrap();
    assert_eq!((duration.seconds, duration.nanos), (1, 876_543_211));
    assert_eq!(message.status_code, Some(503));
    assert_eq!(message.attributes["http.response.status_code"], "503");
}

#[test]
fn a_span_that_ends_before_its_start_has_duration_zero_and_the_largest_time_fits() {
    let message = BeylaTraceSpan::from(&span(u64::MAX, 0, Attributes::default()));
    assert_eq!(message.duration, Some(prost_types::Duration::default()));
    assert_eq!(message.start_time.unwrap().seconds, 18_446_744_073);
    assert_eq!(message.status_code, None);
    let message = BeylaTraceSpan::from(&span(0, u64::MAX, Attributes::default()));
    assert_eq!(message.duration.unwrap().nanos, 709_551_615);
}

#[test]
fn the_first_of_two_attributes_with_one_key_is_shown() {
    let twice = [("a", "first"), ("a", "second")].into_iter().collect();
    let message = BeylaTraceSpan::from(&span(0, 0, twice));
    assert_eq!(message.attributes.into_iter().collect::<Vec<_>>(), [("a".into(), "first".into())]);
}
