//! What lists say of each trace: where it ran and failed, and whether it is slower than usual.

use std::sync::Arc;

use coral_trace::{Event, KeyValue, Span, SpanId, SpanKind, Status, StatusCode, UnixNanos};

use super::beginning::call;
use super::shop::{ask, request, sources};
use crate::answer::{TraceLoss, TraceSummary};
use crate::{Sort, Source, TraceQuestion, TracesQuestion};

const MS: u64 = 1_000_000;

/// Requests to `GET /checkout`, one every nine seconds in the hour before noon. Most of their time
/// is a call to `stock`, which has an exponential tail: as ever.
fn checkouts() -> Vec<Span> {
    let tail = |number: u64| {
        let quantile = ((number * 251) % 401) as f64 / 401.0;
        (-20.0 * (1.0 - quantile).ln()) as u64
    };
    let spans_of = |number: u64| {
        let took = 5 + tail(number);
        let root = request(number, "shop", "/checkout", 9 * number, 10 + took);
        let [client, server] = call(&root, took);
        [root, client, server]
    };
    (1..=400).flat_map(spans_of).collect()
}

/// Requests to `GET /items`, one every nine seconds. In the quarter of an hour before noon, each
/// third of them repeats its query 25 times.
fn items() -> Vec<Span> {
    let spans_of = |number: u64| {
        let repeats = if number < 100 && number.is_multiple_of(3) { 25 } else { 1 };
        let root = request(10_000 + number, "shop", "/items", 9 * number, 4 + repeats * 5);
        let query = |at: u64| {
            let start = UnixNanos(root.start.0 + (2 + at * 5) * MS);
            Span {
                span_id: SpanId::try_from(1_000 + at).unwrap(),
                parent_span_id: Some(root.span_id),
                name: "SELECT items".to_owned(),
                kind: SpanKind::Client,
                start,
                end: UnixNanos(start.0 + 5 * MS),
                attributes: [("db.system.name", "postgresql")].into_iter().collect(),
                origin: Arc::clone(&root.origin),
                ..root.clone()
            }
        };
        let queries: Vec<Span> = (0..repeats).map(query).collect();
        std::iter::once(root).chain(queries)
    };
    (1..=400).flat_map(spans_of).collect()
}

fn slowest(spans: Vec<Span>, min_duration_us: Option<i64>) -> Vec<TraceSummary> {
    let (_dir, from) = sources(spans);
    let question = TracesQuestion {
        min_duration_us,
        sort: Sort::Slowest,
        limit: 60,
        causes: true,
        ..TracesQuestion::default()
    };
    ask(&from, &question).traces
}

#[test]
fn the_slowest_of_healthy_requests_have_no_root_cause_and_the_list_says_what_is_usual() {
    for least in [None, Some(0), Some(60_000)] {
        let listed = slowest(checkouts(), least);
        assert!(listed.len() >= 15, "{listed:?}");
        for trace in &listed {
            let usual = trace.usual_us.unwrap();
            assert!(trace.duration_us <= usual, "{trace:?}");
            assert_eq!(trace.cause, None, "{trace:?}");
        }
    }
}

#[test]
fn an_n_plus_one_is_named_beside_healthy_requests_that_are_as_slow() {
    let listed = slowest([checkouts(), items()].concat(), Some(80_000));
    let of = |name: &str| {
        let found: Vec<_> = listed.iter().filter(|trace| trace.root_operation == name).collect();
        assert!(found.len() >= 5, "{name}: {listed:?}");
        found
    };
    let repeated = Some(TraceLoss::Repeated { calls: 25 });
    for trace in of("GET /items") {
        assert_eq!(trace.cause.as_ref().map(|cause| cause.loss.clone()), repeated, "{trace:?}");
    }
    assert!(of("GET /checkout").iter().all(|trace| trace.cause.is_none()));
}

#[test]
fn a_list_says_where_the_root_and_the_failing_span_ran_and_which_exception_it_recorded() {
    let ran = |span: &Span, pairs: &[(&str, &str)]| {
        let mut origin = Span::clone(span).origin;
        let resource = &mut Arc::make_mut(&mut origin).resource;
        let pair = |(key, value): &(&str, &str)| KeyValue {
            key: (*key).to_owned(),
            value: (*value).into(),
        };
        resource.attributes.0.extend(pairs.iter().map(pair));
        Span { origin, ..span.clone() }
    };
    let root = request(1, "shop", "/list", 60, 50);
    let [client, server] = call(&root, 20);
    let pairs = [("exception.type", "Timeout"), ("exception.message", "no answer of pg")];
    let exception = Event {
        name: "exception".to_owned(),
        attributes: pairs.into_iter().collect(),
        ..Event::default()
    };
    let status = Status { code: StatusCode::Error, message: "stock failed".to_owned() };
    let failed = Span { status, events: vec![exception], ..server };
    let spans = vec![
        ran(&root, &[("host.name", "web-1"), ("k8s.pod.name", "shop-7f9")]),
        client,
        ran(&failed, &[("host.name", "pay-2"), ("service.version", "2.4.0")]),
    ];
    let (_dir, from) = sources(spans);
    let [trace] = &ask(&from, &TracesQuestion::default()).traces[..] else { panic!() };
    let root =
        (trace.root_host.as_deref(), trace.root_version.as_deref(), trace.root_pod.as_deref());
    assert_eq!(root, (Some("web-1"), None, Some("shop-7f9")));
    let failure = trace.failure.as_ref().unwrap();
    assert_eq!(
        (failure.host.as_deref(), failure.version.as_deref()),
        (Some("pay-2"), Some("2.4.0"))
    );
    assert_eq!(failure.exception_type.as_deref(), Some("Timeout"));
    assert_eq!(failure.exception_message.as_deref(), Some("no answer of pg"));
    let question = TraceQuestion { id: trace.trace_id.into(), source: Source::All, examine: false };
    let instances = ask(&from, &question).instances;
    let rows: Vec<_> = instances
        .iter()
        .map(|one| (one.service.as_str(), one.host.as_deref(), one.spans, one.errors))
        .collect();
    assert_eq!(
        rows,
        [("shop", Some("web-1"), 1, 0), ("shop", None, 1, 0), ("stock", Some("pay-2"), 1, 1)]
    );
}

#[test]
fn a_limit_counts_groups_and_the_answer_says_how_many_more_there_are() {
    let spans = (1..=5).map(|id| request(id, &format!("shop-{id}"), "/list", 60 + id, 10));
    let (_dir, from) = sources(spans.collect());
    let question = TracesQuestion { by: "service".to_owned(), limit: 2, ..Default::default() };
    let groups = ask(&from, &question).groups.unwrap();
    assert_eq!((groups.groups.len(), groups.left_out, groups.traces), (2, 3, 5));
}
