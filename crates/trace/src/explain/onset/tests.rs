mod requests;

use std::sync::Arc;

use proptest::prelude::*;

use super::onset;
use crate::attribute::Attributes;
use crate::explain::observation::Entry;
use crate::ids::{SpanId, TraceId};
use crate::origin::{Origin, Resource};
use crate::span::{Span, SpanKind, Status, StatusCode};
use crate::time::UnixNanos;
use crate::work;

const MINUTE: u64 = 60_000_000_000;
/// The end of every history.
const END: u64 = 10_000 * MINUTE;

/// A pseudo-random number from 0 to 1.
fn random(seed: u64) -> f64 {
    let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ (mixed >> 29)) >> 11) as f64 / (1u64 << 53) as f64
}

/// What is different in a request.
#[derive(Clone, Copy, Default)]
struct Difference {
    /// Additional milliseconds of the query.
    query: u64,
    /// Whether the query fails.
    fails: bool,
    /// Further queries.
    repeated: u64,
    /// Whether the query is not made.
    missing: bool,
}

/// A request of `shop`, which queries a database, that started `ago` nanoseconds before the end.
fn request(number: u64, ago: u64, of: Difference) -> Vec<Span> {
    let span = |id: u64, parent: u64, name: &str, kind: SpanKind, millis: f64| {
        let attributes: Attributes = [("service.name", "shop")].into_iter().collect();
        let resource = Resource { attributes, ..Resource::default() };
        let start = UnixNanos(END - ago + id);
        Span {
            trace_id: TraceId::try_from(u128::from(number) + 1).unwrap(),
            span_id: SpanId::try_from(id).unwrap(),
            parent_span_id: SpanId::try_from(parent).ok(),
            trace_state: String::new(),
            flags: 0,
            name: name.to_owned(),
            kind,
            start,
            end: UnixNanos(start.0 + (millis * 1e6) as u64),
            attributes: Attributes::default(),
            dropped_attributes: 0,
            events: vec![],
            dropped_events: 0,
            links: vec![],
            dropped_links: 0,
            status: Status::default(),
            origin: Arc::new(Origin { resource, ..Origin::default() }),
        }
    };
    let queries = if of.missing { 0 } else { 1 + of.repeated };
    let query = 10.0 + 20.0 * random(number).powi(4) + of.query as f64;
    let work = 20.0 * random(number + 1_000_000);
    let total = query * queries as f64 + work;
    let mut spans = vec![span(1, 0, "GET /", SpanKind::Server, total)];
    for id in 0..queries {
        let mut call = span(2 + id, 1, "SELECT", SpanKind::Client, query);
        if of.fails {
            call.status.code = StatusCode::Error;
        }
        spans.push(call);
    }
    spans
}

/// Requests of the last `minutes`, `rate` in each minute; `difference` gives what is different by
/// the minutes to the end.
fn history(minutes: u64, rate: u64, difference: impl Fn(f64, u64) -> Difference) -> Vec<Vec<Span>> {
    let requests = minutes * rate;
    let pause = minutes * MINUTE / requests;
    (0..requests)
        .map(|number| {
            let ago = minutes * MINUTE - number * pause;
            request(number, ago, difference(ago as f64 / MINUTE as f64, number))
        })
        .collect()
}

/// The spans of `service` and those below them.
fn of(service: &str) -> Entry<'_> {
    Entry { service: Some(service), operation: None }
}

fn minutes_ago(traces: &[Vec<Span>]) -> Option<f64> {
    let began = onset(traces.iter().map(Vec::as_slice), Entry::default())?.time;
    Some((END - began.0) as f64 / MINUTE as f64)
}

/// The beginning is found within a minute.
fn check_began(age: f64, traces: &[Vec<Span>]) {
    let found = minutes_ago(traces);
    assert!(found.is_some_and(|found| (found - age).abs() <= 1.0), "{age}: {found:?}");
}

#[test]
fn the_beginning_of_each_kind_of_change_is_found_at_every_age() {
    let slow = Difference { query: 60, ..Difference::default() };
    let fails = Difference { fails: true, ..Difference::default() };
    let repeated = Difference { repeated: 9, ..Difference::default() };
    let missing = Difference { missing: true, ..Difference::default() };
    for kind in [slow, fails, repeated, missing] {
        for age in [2.0, 4.0, 8.0, 15.0, 25.0, 45.0, 90.0, 240.0] {
            let changed = |ago, _| if ago <= age { kind } else { Difference::default() };
            check_began(age, &history(360, 12, changed));
        }
    }
}

#[test]
fn the_beginning_is_found_two_minutes_later_in_a_history_of_a_quarter_of_an_hour() {
    let slow = Difference { query: 60, ..Difference::default() };
    for age in [2.0, 4.0] {
        let changed = |ago, _| if ago <= age { slow } else { Difference::default() };
        check_began(age, &history(17, 60, changed));
    }
}

#[test]
fn a_change_of_one_request_in_five_is_found() {
    let slow = Difference { query: 60, ..Difference::default() };
    for age in [8.0, 25.0, 90.0] {
        let changed = |ago, number| {
            let affected = ago <= age && random(number + 77) < 0.2;
            if affected { slow } else { Difference::default() }
        };
        let found = minutes_ago(&history(360, 30, changed));
        assert!(found.is_some_and(|found| (found - age).abs() <= 2.0), "{age}: {found:?}");
    }
}

#[test]
fn a_change_that_comes_and_goes_began_when_it_first_came() {
    let slow = Difference { query: 60, ..Difference::default() };
    let changed = |ago: f64, _| {
        let comes = ago <= 40.0 && (ago / 5.0) as u64 % 2 == 1;
        if comes { slow } else { Difference::default() }
    };
    check_began(40.0, &history(360, 12, changed));
}

#[test]
fn a_change_that_ended_an_hour_ago_has_no_beginning() {
    let fails = Difference { fails: true, ..Difference::default() };
    let changed = |ago: f64, _| {
        if (60.0..90.0).contains(&ago) { fails } else { Difference::default() }
    };
    assert_eq!(minutes_ago(&history(360, 12, changed)), None);
}

#[test]
fn the_end_of_a_failure_is_no_beginning() {
    let fails = Difference { fails: true, ..Difference::default() };
    let changed = |ago, _| if ago > 60.0 { fails } else { Difference::default() };
    assert_eq!(minutes_ago(&history(360, 12, changed)), None);
}

#[test]
fn what_is_not_below_the_service_that_was_asked_about_has_no_beginning() {
    let slow = Difference { query: 60, ..Difference::default() };
    let mut traces =
        history(360, 12, |ago, _| if ago < 25.0 { slow } else { Difference::default() });
    let attributes: Attributes = [("service.name", "card")].into_iter().collect();
    let resource = Resource { attributes, ..Resource::default() };
    let card = Arc::new(Origin { resource, ..Origin::default() });
    for trace in &mut traces {
        let beside = Span {
            span_id: SpanId::try_from(99).unwrap(),
            end: UnixNanos(trace[0].start.0 + 5_000_000),
            name: "POST /card".to_owned(),
            parent_span_id: Some(trace[0].span_id),
            origin: Arc::clone(&card),
            ..trace[0].clone()
        };
        trace.push(beside);
    }
    let asked = |service| onset(traces.iter().map(Vec::as_slice), of(service));
    assert!(asked("shop").is_some());
    assert_eq!(asked("card"), None);
}

#[test]
fn only_requests_of_the_route_that_was_asked_about_have_a_beginning() {
    let slow = Difference { query: 60, ..Difference::default() };
    let mut traces =
        history(360, 12, |ago, _| if ago < 25.0 { slow } else { Difference::default() });
    for (number, mut trace) in
        history(360, 12, |_, _| Difference::default()).into_iter().enumerate()
    {
        for span in &mut trace {
            span.trace_id = TraceId::try_from(1_000_000 + number as u128).unwrap();
        }
        trace[0].name = "GET".to_owned();
        trace[0].attributes = [("http.route", "/calm")].into_iter().collect();
        traces.push(trace);
    }
    let asked = |route| {
        let entry = Entry { service: Some("shop"), operation: Some(route) };
        onset(traces.iter().map(Vec::as_slice), entry)
    };
    assert!(asked("GET /").is_some());
    assert_eq!(asked("/calm"), None);
}

#[test]
fn a_name_that_is_new_in_each_trace_hides_no_change() {
    let slow = Difference { query: 60, ..Difference::default() };
    let mut traces =
        history(360, 12, |ago, _| if ago < 25.0 { slow } else { Difference::default() });
    for (number, trace) in traces.iter_mut().enumerate() {
        let unique = |at: u64| Span {
            span_id: SpanId::try_from(100 + at).unwrap(),
            parent_span_id: Some(trace[0].span_id),
            name: format!("GET /cart/{number}/{at}"),
            ..trace[1].clone()
        };
        let unique: Vec<Span> = (0..3).map(unique).collect();
        trace.extend(unique);
    }
    check_began(25.0, &traces);
}

#[test]
fn histories_without_a_change_rarely_have_a_beginning() {
    let found = (0..100u64).filter(|seed| {
        let shift = |traces: &mut Vec<Vec<Span>>| {
            // The requests stay the same, and their order in time is another one.
            for (at, trace) in traces.iter_mut().enumerate() {
                let by = (random(at as u64 * 1_000 + seed) * 50.0 * MINUTE as f64) as u64;
                for span in trace {
                    (span.start, span.end) =
                        (UnixNanos(span.start.0 - by), UnixNanos(span.end.0 - by));
                }
            }
        };
        let mut traces = history(120, 10, |_, _| Difference::default());
        shift(&mut traces);
        minutes_ago(&traces).is_some()
    });
    let found = found.count();
    assert!(found <= 10, "{found} of 100");
}

#[test]
fn the_search_is_linear_in_the_number_of_spans() {
    let fails = Difference { fails: true, ..Difference::default() };
    let changed = |ago: f64, _| if ago < 60.0 { fails } else { Difference::default() };
    let traces = history(360, 12, changed);
    let search = || onset(traces.iter().map(Vec::as_slice), of("shop"));
    let (_, steps) = work::steps(search);
    let spans = traces.iter().map(Vec::len).sum::<usize>() as u64;
    assert!(steps <= 2 * spans, "{steps} steps for {spans} spans");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_traces_in_any_order_have_the_same_beginning_inside_their_range(
        age in 1u64..60,
        rate in 1u64..10,
        query in 0u64..100,
        rotate in 0usize..100,
    ) {
        let slow = Difference { query, ..Difference::default() };
        let mut traces = history(60, rate, |ago, _| {
            if ago <= age as f64 { slow } else { Difference::default() }
        });
        let found = minutes_ago(&traces);
        prop_assert!(found.is_none_or(|found| (0.0..=60.0).contains(&found)));
        let at = rotate % traces.len();
        traces.rotate_left(at);
        prop_assert_eq!(minutes_ago(&traces), found);
    }

    #[test]
    fn hostile_times_and_parents_are_searched_without_a_panic(
        spans in prop::collection::vec(any::<(u8, u64, u64, u64, bool)>(), 0..60),
    ) {
        let traces: Vec<Vec<Span>> = spans
            .chunks(2)
            .enumerate()
            .map(|(number, chunk)| {
                let of = |(id, start, end, parent, fails): &(u8, u64, u64, u64, bool)| {
                    let mut span = request(number as u64, 0, Difference::default()).remove(0);
                    (span.start, span.end) = (UnixNanos(*start), UnixNanos(*end));
                    span.span_id = SpanId::try_from(u64::from(*id) + 1).unwrap();
                    span.parent_span_id = SpanId::try_from(parent % 256).ok();
                    span.status.code = if *fails { StatusCode::Error } else { StatusCode::Unset };
                    span
                };
                chunk.iter().map(of).collect()
            })
            .collect();
        let _ = onset(traces.iter().map(Vec::as_slice), Entry::default());
        let _ = onset(traces.iter().map(Vec::as_slice), of("shop"));
    }
}

#[test]
fn messages_that_wait_longer_for_their_consumer_have_a_beginning() {
    let mut traces = history(120, 6, |_, _| Difference::default());
    for (number, spans) in (0..).zip(&mut traces) {
        let ago = END - spans[0].start.0;
        let lag = if ago <= 15 * MINUTE { 3e9 } else { 4e6 };
        let message = |id: u64, parent: u64, kind: SpanKind, after: u64| Span {
            span_id: SpanId::try_from(id).unwrap(),
            parent_span_id: SpanId::try_from(parent).ok(),
            name: "orders".to_owned(),
            kind,
            start: UnixNanos(spans[0].start.0 + after),
            end: UnixNanos(spans[0].start.0 + after + 1_000_000),
            ..spans[0].clone()
        };
        let wait = (lag * (0.5 + random(number))) as u64;
        let messages =
            [message(100, 1, SpanKind::Producer, 0), message(101, 100, SpanKind::Consumer, wait)];
        spans.extend(messages);
    }
    check_began(15.0, &traces);
}
