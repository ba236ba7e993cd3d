//! Lists name the deepest failing span of each failing trace.

use coral_trace::{Span, Status, StatusCode};

use super::beginning::call;
use super::shop::{NOON, ask, request, sources};
use crate::answer::TraceFailure;
use crate::{RedProtocol, RedQuestion, RedSide, RedSource, SpanStatus, TracesQuestion};

fn failed(span: &Span, message: &str) -> Span {
    let status = Status { code: StatusCode::Error, message: message.to_owned() };
    Span { status, ..span.clone() }
}

/// Twelve requests to `shop`, each with a call to `stock`. Every third call fails in `stock`, and
/// the request with it; every fourth request fails in `shop`.
fn spans() -> Vec<Span> {
    let spans_of = |number: u64| {
        let root = request(number, "shop", "/list", 60 * number, 50);
        let [client, server] = call(&root, 20);
        match number {
            _ if number.is_multiple_of(3) => [
                failed(&root, "stock failed"),
                failed(&client, ""),
                failed(&server, &format!("no rows {}", "x".repeat(600))),
            ],
            _ if number.is_multiple_of(4) => [failed(&root, ""), client, server],
            _ => [root, client, server],
        }
    };
    (1..=12).flat_map(spans_of).collect()
}

/// The service of each failure of a list.
fn services<'a>(failures: impl Iterator<Item = Option<&'a TraceFailure>>) -> Vec<&'a str> {
    failures.map(|failure| failure.map_or("-", |failure| &failure.service)).collect()
}

#[test]
fn a_list_of_traces_names_the_deepest_failing_span_of_each_failing_trace() {
    let (_dir, sources) = sources(spans());
    let list = |status| ask(&sources, &TracesQuestion { status, ..Default::default() }).traces;
    let named = |status| {
        let list = list(status);
        let mut found = services(list.iter().map(|trace| trace.failure.as_ref()));
        found.sort_unstable();
        found.join(" ")
    };
    assert_eq!(named(None), "- - - - - - shop shop stock stock stock stock");
    assert_eq!(named(Some(SpanStatus::Error)), "shop shop stock stock stock stock");
    assert_eq!(named(Some(SpanStatus::Ok)), "- - - - - -");
    let list = list(Some(SpanStatus::Error));
    let mut failures = list.iter().filter_map(|trace| trace.failure.as_ref());
    let in_stock = failures.find(|failure| failure.service == "stock").unwrap();
    assert_eq!(in_stock.message.as_ref().map(String::len), Some(500));
}

#[test]
fn the_slow_requests_of_a_route_name_the_deepest_failing_span_of_their_trace() {
    let (_dir, sources) = sources(spans());
    let noon = (NOON / 1_000) as i64;
    let question = RedQuestion {
        service: "shop".to_owned(),
        source: Some(RedSource::Spans),
        since_unix_us: noon - 3_600_000_000,
        until_unix_us: noon,
        slow: true,
        over_us: Some(1_000),
        protocol: RedProtocol::Http,
        side: RedSide::Server,
        compare_us: None,
    };
    let slow = ask(&sources, &question).slow.unwrap();
    let traces = slow.iter().flat_map(|row| &row.traces);
    let found = services(traces.clone().map(|slow| slow.failure.as_ref()));
    assert!(found.contains(&"stock") && found.contains(&"-"), "{found:?}");
    let list = ask(&sources, &TracesQuestion::default()).traces;
    for slow in traces {
        let listed = list.iter().find(|trace| trace.trace_id == slow.trace_id).unwrap();
        assert_eq!(slow.failure, listed.failure);
    }
}
