//! The cases are those of Jaeger's tests of storage: tags in one place and in several, names,
//! durations, and traces across the start of the range.

use std::sync::Arc;
use std::time::Duration;

use coral_engine::Budget;
use coral_trace::{
    Attributes, Event, Link, Origin, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode,
    TimeRange, TraceId, UnixNanos, Value,
};

use super::{FoundTraces, SpanSearch, SpanTag};
use crate::tests::shop::{NOON, sources};
use crate::{QueryError, SharedSources};

const MINUTE: u64 = 60_000_000_000;
const NOW: UnixNanos = UnixNanos(NOON);

fn start() -> u64 {
    NOW.0 - 10 * MINUTE
}

fn tags(keys: &[&str]) -> Attributes {
    let all = [
        ("text", Value::from("a:b")),
        ("int", Value::Int(123)),
        ("float", Value::from(72.5)),
        ("bool", Value::from(true)),
    ];
    all.into_iter().filter(|(key, _)| keys.contains(key)).collect()
}

/// A span of `shop` that takes 5 µs, with tags at the span, the resource, the scope and an event.
fn span(trace: u128, of: [&[&str]; 4]) -> Span {
    let mut resource: Attributes = [("service.name", "shop")].into_iter().collect();
    resource.0.extend(tags(of[1]).0);
    let scope = Scope {
        name: "tracer".into(),
        version: "1.2".into(),
        attributes: tags(of[2]),
        ..Scope::default()
    };
    let resource = Resource { attributes: resource, ..Resource::default() };
    let event = Event {
        time: UnixNanos(start()),
        name: "retry".into(),
        attributes: tags(of[3]),
        dropped_attributes: 0,
    };
    Span {
        trace_id: TraceId::try_from(trace).unwrap(),
        span_id: SpanId::try_from(1).unwrap(),
        parent_span_id: None,
        trace_state: String::new(),
        flags: 0,
        name: "GET /".into(),
        kind: SpanKind::Server,
        start: UnixNanos(start()),
        end: UnixNanos(start() + 5_000),
        attributes: tags(of[0]),
        dropped_attributes: 0,
        events: vec![event],
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: Status::default(),
        origin: Arc::new(Origin { resource, scope, ..Origin::default() }),
    }
}

fn search() -> SpanSearch {
    SpanSearch {
        service: Some("shop".into()),
        name: None,
        tags: Vec::new(),
        started: TimeRange { start: UnixNanos(start() - MINUTE), end: NOW },
        min_duration: None,
        max_duration: None,
        limit: 20,
    }
}

fn with_tags(tags: &[(&str, &str)]) -> SpanSearch {
    let tag = |(key, value): &(&str, &str)| SpanTag { key: (*key).into(), value: (*value).into() };
    SpanSearch { tags: tags.iter().map(tag).collect(), ..search() }
}

#[track_caller]
fn check(sources: &SharedSources, search: &SpanSearch, expected: &[u128]) {
    let found = search.find(&sources.at(NOW), &Budget::unlimited()).unwrap();
    let mut found: Vec<u128> = found.iter().map(|trace| trace.trace_id.as_u128()).collect();
    found.sort_unstable();
    assert_eq!(found, expected, "{search:?}");
}

#[test]
fn a_span_has_a_tag_in_any_of_its_places_and_two_spans_do_not_share_tags() {
    const ALL: &[&str] = &["text", "int", "float", "bool"];
    let mut second = span(6, [&["int", "float"], &[], &[], &[]]);
    second.span_id = SpanId::try_from(2).unwrap();
    let spans = vec![
        span(1, [ALL, &[], &[], &[]]),
        span(2, [&[], ALL, &[], &[]]),
        span(3, [&[], &[], ALL, &[]]),
        span(4, [&[], &[], &[], ALL]),
        span(5, [&["text"], &["int"], &["float"], &["bool"]]),
        span(6, [&["text", "bool"], &[], &[], &[]]),
        second,
        span(7, [&[], &[], &[], &[]]),
    ];
    let (_dir, sources) = sources(spans);
    let all = [("text", "a:b"), ("int", "123"), ("float", "72.5"), ("bool", "true")];
    check(&sources, &with_tags(&all), &[1, 2, 3, 4, 5]);
    check(&sources, &with_tags(&all[..1]), &[1, 2, 3, 4, 5, 6]);
    check(&sources, &with_tags(&[("resource.text", "a:b")]), &[2]);
    check(&sources, &with_tags(&[("text", "a")]), &[]);
    check(&sources, &search(), &[1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn tags_that_jaeger_makes_of_other_fields_are_found_too() {
    let failed = Status { code: StatusCode::Error, message: "no".into() };
    let ok = Status { code: StatusCode::Ok, message: String::new() };
    let empty: [&[&str]; 4] = [&[]; 4];
    let mut linked = span(4, empty);
    linked.links = vec![Link {
        trace_id: TraceId::try_from(9).unwrap(),
        span_id: SpanId::try_from(9).unwrap(),
        trace_state: String::new(),
        attributes: tags(&["int"]),
        dropped_attributes: 0,
        flags: 0,
    }];
    let spans = vec![
        Span {
            status: failed,
            attributes: [("count", Value::from(3.0))].into_iter().collect(),
            ..span(1, empty)
        },
        Span { status: ok, kind: SpanKind::Client, ..span(2, empty) },
        Span { attributes: [("error", "true")].into_iter().collect(), ..span(3, empty) },
        linked,
    ];
    let (_dir, sources) = sources(spans);
    for (key, value, expected) in [
        ("error", "true", &[1, 3][..]),
        ("error", "false", &[2]),
        ("error", "maybe", &[]),
        ("span.kind", "client", &[2]),
        ("span.kind", "SERVER", &[1, 3, 4]),
        ("otel.status_code", "ERROR", &[1]),
        ("span.status", "ok", &[2]),
        ("otel.status_description", "no", &[1]),
        ("otel.scope.name", "tracer", &[1, 2, 3, 4]),
        ("scope.version", "1.3", &[]),
        ("event", "retry", &[1, 2, 3, 4]),
        ("int", "123", &[4]),
        ("service.name", "shop", &[1, 2, 3, 4]),
        ("count", "3", &[1]),
        ("count", "4", &[]),
    ] {
        check(&sources, &with_tags(&[(key, value)]), expected);
    }
}

#[test]
fn service_name_and_durations_are_those_of_one_span() {
    let empty: [&[&str]; 4] = [&[]; 4];
    let long = Span { end: UnixNanos(start() + 9_000), ..span(2, empty) };
    let other = Span {
        span_id: SpanId::try_from(2).unwrap(),
        name: "POST /".into(),
        end: UnixNanos(start() + 1_000),
        ..span(2, empty)
    };
    let (_dir, sources) = sources(vec![span(1, empty), long, other]);
    let us = |us| Some(Duration::from_micros(us));
    let between =
        |min_duration, max_duration| SpanSearch { min_duration, max_duration, ..search() };
    check(&sources, &between(us(4), us(6)), &[1]);
    check(&sources, &between(us(5), us(5)), &[1]);
    check(&sources, &between(us(6), None), &[2]);
    check(&sources, &between(None, us(1)), &[2]);
    let named = |name: &str, search| SpanSearch { name: Some(name.into()), ..search };
    check(&sources, &named("POST /", search()), &[2]);
    check(&sources, &named("POST /", between(us(6), None)), &[]);
    check(&sources, &named("GET /", between(None, us(1))), &[]);
    check(&sources, &SpanSearch { service: Some("cart".into()), ..search() }, &[]);
    check(&sources, &SpanSearch { service: None, ..search() }, &[1, 2]);
}

#[test]
fn a_trace_that_began_before_the_range_is_found_by_a_span_in_the_range() {
    let empty: [&[&str]; 4] = [&[]; 4];
    let early = Span {
        span_id: SpanId::try_from(2).unwrap(),
        start: UnixNanos(start() - 5 * MINUTE),
        end: UnixNanos(start() - 5 * MINUTE + 1),
        ..span(1, empty)
    };
    let (_dir, sources) = sources(vec![early, span(1, empty), span(2, empty)]);
    check(&sources, &search(), &[1, 2]);
    check(&sources, &SpanSearch { limit: 1, ..search() }, &[2]);
    let range = |from, until| TimeRange { start: UnixNanos(from), end: UnixNanos(until) };
    let early = range(start() - 6 * MINUTE, start() - MINUTE);
    check(&sources, &SpanSearch { started: early, ..search() }, &[1]);
    let nothing = range(start() - 4 * MINUTE, start() - MINUTE);
    check(&sources, &SpanSearch { started: nothing, ..search() }, &[]);
}

#[test]
fn too_many_tags_and_limits_out_of_range_are_refused() {
    let (_dir, sources) = sources(vec![]);
    let refused = |search: SpanSearch, field: &str| {
        let error = search.find(&sources.at(NOW), &Budget::unlimited()).unwrap_err();
        assert!(matches!(&error, QueryError::Invalid { field: f, .. } if *f == field), "{error}");
    };
    refused(with_tags(&[("a", "b"); 33]), "tags");
    refused(SpanSearch { limit: 0, ..search() }, "limit");
    refused(SpanSearch { limit: 10_001, ..search() }, "limit");
}

#[test]
fn traces_are_read_in_the_order_of_their_ids_and_what_does_not_fit_is_named() {
    let empty: [&[&str]; 4] = [&[]; 4];
    let big = |trace: u128| Span { name: "x".repeat(1_000_000), ..span(trace, empty) };
    let (_dir, sources) = sources((1..=90).map(big).collect());
    let sources = sources.at(NOW);
    let id = |trace: u128| TraceId::try_from(trace).unwrap();
    let budget = Budget::unlimited();
    let found = FoundTraces::read(&[id(7), id(99), id(3)], &sources, &budget).unwrap();
    let ids: Vec<_> = found.traces.iter().map(|trace| trace.trace_id).collect();
    assert_eq!((ids, found.left_out), (vec![id(7), id(3)], vec![]));
    let all: Vec<_> = (1..=90).map(id).collect();
    let found = FoundTraces::read(&all, &sources, &budget).unwrap();
    assert!(found.traces.len() > 40 && found.traces.len() < 90, "{}", found.traces.len());
    assert_eq!(found.traces.len() + found.left_out.len(), 90);
    assert_eq!(FoundTraces::one(id(5), &sources, &budget).unwrap().unwrap().spans.len(), 1);
    assert_eq!(FoundTraces::one(id(99), &sources, &budget).unwrap(), None);
}
