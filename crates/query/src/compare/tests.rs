//! Comparisons of stored traces.

use coral_trace::Span;

use super::answer::{ComparedKind, NotAligned};
use crate::tests::beginning::call;
use crate::tests::shop::{NOON, ask, request, sources};
use crate::{Ask as _, Budget, CompareQuestion};

/// Requests to `shop`, which calls `stock`: number 1 is slow, number 2 fails, the others are usual.
fn spans() -> Vec<Span> {
    let one = |number: u64| {
        let took = if number == 1 { 400 } else { 10 + number % 5 };
        let mut request = request(number, "shop", "/list", 10 * number, took + 5);
        if number == 2 {
            request.status.code = coral_trace::StatusCode::Error;
        }
        let [client, server] = call(&request, took);
        [request, client, server]
    };
    (1..=60).flat_map(one).chain([request(99, "admin", "/users", 30, 7)]).collect()
}

fn question(a: &str, b: Option<&str>) -> CompareQuestion {
    let b = b.map(str::to_owned);
    CompareQuestion { a: a.to_owned(), b, ..CompareQuestion::default() }
}

fn id(number: u128) -> String {
    format!("{number:032x}")
}

#[test]
fn a_trace_is_compared_with_healthy_ones_of_its_operation() {
    let (_dir, sources) = sources(spans());
    let found = ask(&sources, &question(&id(1), None));
    assert!(found.aligned, "{found:?}");
    assert_eq!((found.a.kind, found.a.trace_id), (ComparedKind::Trace, Some(id(1))));
    assert_eq!((found.b.kind, found.b.healthy), (ComparedKind::Traces, true));
    // Half of the 58 before it that did not fail.
    assert_eq!((found.b.traces, found.b.example_trace_ids.len()), (29, 5));
    assert_eq!(found.a.duration_p50_us, 405_000);
    let most = found
        .rows
        .iter()
        .max_by(|one, other| one.share.unwrap_or(0.0).total_cmp(&other.share.unwrap_or(0.0)));
    assert_eq!(most.unwrap().service, "stock");
}

#[test]
fn a_trace_without_traces_before_it_is_compared_with_those_after_it() {
    let (_dir, sources) = sources(spans());
    let found = ask(&sources, &question(&id(60), None));
    assert_eq!((found.b.traces, found.aligned), (29, true));
    let alone = ask(&sources, &question(&id(99), None));
    assert_eq!((alone.b.traces, alone.not_aligned), (0, Some(NotAligned::NoTracesInB)));
    assert_eq!(alone.rows.len(), 1);
}

#[test]
fn healthy_traces_are_spread_over_the_hour_and_not_the_newest_which_may_all_be_slow() {
    let one = |number: u64| {
        let took = if number <= 170 { 400 } else { 10 };
        request(number, "shop", "/list", 10 * number, took)
    };
    let (_dir, sources) = sources((1..=350).map(one).collect());
    let found = ask(&sources, &question(&id(1), None));
    assert_eq!(found.b.duration_p50_us, 10_000);
}

#[test]
fn two_searches_are_compared() {
    let (_dir, sources) = sources(spans());
    let slow = "q:service:shop duration>100ms";
    let found = ask(&sources, &question(slow, Some("q:service:shop duration<100ms")));
    assert_eq!((found.a.traces, found.b.traces, found.aligned), (1, 59, true));
    assert_eq!(found.a.q.as_deref(), Some("service:shop duration>100ms"));
    let healthy = ask(&sources, &question(slow, None));
    assert_eq!((healthy.b.healthy, healthy.b.traces), (true, 29));
    let until_unix_us = Some((NOON / 1_000) as i64 - 3_600_000_000);
    let none = ask(&sources, &CompareQuestion { until_unix_us, ..question(slow, None) });
    assert_eq!(none.not_aligned, Some(NotAligned::NoTracesInA));
}

#[test]
fn traces_of_different_operations_are_not_aligned() {
    let (_dir, sources) = sources(spans());
    let found = ask(&sources, &question(&id(1), Some(&id(99))));
    assert_eq!(found.not_aligned, Some(NotAligned::DifferentOperations));
    assert!(found.rows.iter().all(|row| row.depth == 0));
}

#[test]
fn a_side_that_is_no_trace_and_no_search_is_refused_by_its_parameter() {
    let (_dir, sources) = sources(spans());
    let error = |a: &str, b: Option<&str>| {
        let at = sources.at(coral_trace::UnixNanos(NOON));
        question(a, b).answer(&at, &Budget::unlimited()).unwrap_err().to_string()
    };
    let no_trace = error(&id(1), Some(&id(777)));
    assert_eq!(no_trace, format!("b: no trace `{}` is stored", id(777)));
    assert!(error("000", None).starts_with("a: `000` is too short"));
    assert!(error("checkout", None).contains("nor a search after `q:`"));
    let long = error(&"g".repeat(50_000), None);
    assert!(long.len() < 500 && long.ends_with("nor a search after `q:`"), "{long}");
    assert!(error(&format!("q:duration>{}", "g".repeat(4_000)), None).len() < 900);
    assert!(error("q:duration>", None).starts_with("a: "));
    assert!(error("q:\"", Some(&id(1))).starts_with("a: "));
}
