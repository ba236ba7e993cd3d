use std::sync::Arc;

use coral_trace::{Event, Link, Origin, Scope, SpanId, UnixNanos};

use super::*;
use crate::tests::shop::{NOON, request, sources};

fn names(limit: usize, started: TimeRange) -> Vec<(TagScope, Vec<String>)> {
    let first = request(1, "shop", "/list", 60, 5);
    let event = Event {
        time: first.start,
        name: "exception".into(),
        attributes: [("exception.type", "Io")].into_iter().collect(),
        dropped_attributes: 0,
    };
    let link = Link {
        trace_id: first.trace_id,
        span_id: SpanId::try_from(9).unwrap(),
        trace_state: String::new(),
        attributes: [("link.reason", "retry")].into_iter().collect(),
        dropped_attributes: 0,
        flags: 0,
    };
    let scope = Scope {
        attributes: [("library.language", "go")].into_iter().collect(),
        ..Scope::default()
    };
    let origin = Origin { scope, ..(*first.origin).clone() };
    let rich = Span {
        events: vec![event],
        links: vec![link],
        origin: Arc::new(origin),
        ..request(2, "shop", "/pay", 30, 5)
    };
    let (_dir, sources) = sources(vec![first, rich]);
    let question = TagNamesQuestion { q: None, started, limit };
    let found = question.answer(&sources.at(UnixNanos(NOON)), &Budget::unlimited()).unwrap();
    found.into_iter().map(|(scope, keys)| (scope, keys.into_iter().collect())).collect()
}

#[test]
fn keys_are_listed_by_the_part_of_the_span_that_has_them() {
    let expected = [
        (TagScope::Resource, &["service.name"][..]),
        (TagScope::Span, &["http.request.method", "http.route"]),
        (TagScope::Event, &["exception.type"]),
        (TagScope::Link, &["link.reason"]),
        (TagScope::Instrumentation, &["library.language"]),
    ];
    let expected = expected.map(|(scope, keys)| (scope, keys.iter().map(|&k| k.into()).collect()));
    assert_eq!(names(10, TimeRange::ALL), expected);
}

#[test]
fn a_limit_and_a_time_range_leave_keys_out() {
    let before = TimeRange { start: UnixNanos(0), end: UnixNanos(NOON - 45_000_000_000) };
    let found = names(1, before);
    let expected = [(TagScope::Resource, "service.name"), (TagScope::Span, "http.request.method")];
    assert_eq!(found, expected.map(|(scope, key)| (scope, vec![key.to_owned()])));
}
