//! Pages, lookups and searches.

use std::time::Duration;

use coral_engine::{Budget, TraceReader};
use coral_trace::{Collector, TimeRange, Value};

use super::{NOON, by_sdk, failed, of_service, span, store, trace_id, with_attributes};
use crate::{IndexedQuery, Order, Store};

fn ids(store: &Store, query: &IndexedQuery) -> Vec<u128> {
    let found = store.search(query).unwrap();
    found.iter().map(|trace| trace.trace_id.as_u128()).collect()
}

#[test]
fn a_reader_that_pages_sees_every_span_once_also_across_sealed_segments() {
    let (_dir, store) = store();
    for id in 1..=10 {
        store.append(&[vec![span(id.into(), id, None, id, 1)]], NOON).unwrap();
        if id % 4 == 0 {
            store.seal().unwrap();
        }
    }
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = store.spans_after(Collector::Ebpf, after, 3).unwrap();
        seen.extend(page.spans.iter().map(|stored| stored.span.span_id.as_u64()));
        after = page.next_receipt;
        if page.next_receipt == page.last_receipt {
            break;
        }
    }
    assert_eq!(seen, (1..=10).collect::<Vec<_>>());
}

#[test]
fn a_page_moves_past_the_other_collectors_spans() {
    let (_dir, store) = store();
    store.append(&[vec![span(1, 1, None, 0, 1), by_sdk(span(1, 2, None, 0, 1))]], NOON).unwrap();
    let page = store.spans_after(Collector::Ebpf, 0, 10).unwrap();
    assert_eq!((page.spans.len(), page.next_receipt, page.last_receipt), (1, 2, 2));
    let page = store.spans_after(Collector::Ebpf, 2, 10).unwrap();
    assert_eq!((page.spans.len(), page.next_receipt), (0, 2));
}

#[test]
fn a_span_that_arrives_seventy_minutes_late_is_on_the_next_page() {
    let (_dir, store) = store();
    store.append(&[vec![span(1, 1, None, 0, 1)]], NOON).unwrap();
    let mut late = span(2, 2, None, 0, 1);
    late.start = NOON.earlier(Duration::from_secs(70 * 60));
    store.append(&[vec![late.clone()]], NOON).unwrap();
    let page = store.spans_after(Collector::Ebpf, 1, 10).unwrap();
    assert_eq!(page.spans.iter().map(|stored| &stored.span).collect::<Vec<_>>(), [&late]);
    assert!(store.spans_after(Collector::Ebpf, page.next_receipt, 10).unwrap().spans.is_empty());
}

#[test]
fn a_trace_is_found_by_id_in_hot_rows_and_in_segments_together() {
    let (_dir, store) = store();
    store.append(&[vec![span(1, 1, None, 0, 100), span(9, 9, None, 0, 1)]], NOON).unwrap();
    store.seal().unwrap();
    store.append(&[vec![failed(span(1, 2, Some(1), 5, 10))]], NOON).unwrap();
    let trace = store.trace(trace_id(1), None, 100).unwrap();
    let spans: Vec<_> = trace.spans.iter().map(|stored| stored.span.span_id.as_u64()).collect();
    assert_eq!((spans, trace.span_count, trace.error_count), (vec![1, 2], 2, 1));
    let cut = store.trace(trace_id(1), None, 1).unwrap();
    assert_eq!((cut.spans.len(), cut.span_count, cut.error_count), (1, 2, 1));
    assert_eq!(store.trace(trace_id(7), None, 10).unwrap().span_count, 0);
}

#[test]
fn a_prefix_finds_every_trace_that_begins_with_it() {
    let (_dir, store) = store();
    let traces = [0x4bf9 << 112, (0x4bf9 << 112) + 1, 0x5bf9 << 112];
    for trace in traces {
        store.append(&[vec![span(trace, 1, None, 0, 1)]], NOON).unwrap();
    }
    let find = |prefix: &str| {
        let prefix = prefix.parse().unwrap();
        TraceReader::traces_with_prefix(&store, prefix, 10, &Budget::unlimited()).unwrap().len()
    };
    assert_eq!(
        (find("4bf9"), find("5"), find("6"), find(&trace_id(traces[0]).to_string())),
        (2, 1, 0, 1)
    );
    store.seal().unwrap();
    assert_eq!((find("4bf9"), find("5"), find("6")), (2, 1, 0));
}

#[test]
fn a_list_sums_whole_traces_and_a_late_span_corrects_a_sealed_one() {
    let (_dir, store) = store();
    let child = of_service(span(1, 2, Some(1), 5, 10), "cards");
    store.append(&[vec![child]], NOON).unwrap();
    store.seal().unwrap();
    let all = IndexedQuery::newest(10);
    let before = &store.search(&all).unwrap()[0];
    assert_eq!((before.duration_us, before.root_service.as_deref()), (10_000, None));
    assert_eq!(before.root_name, "GET /2");
    store.append(&[vec![failed(span(1, 1, None, 0, 100))]], NOON).unwrap();
    let after = &store.search(&all).unwrap()[0];
    assert_eq!((after.duration_us, after.spans, after.errors), (100_000, 2, 1));
    assert_eq!((after.root_service.as_deref(), after.root_name.as_str()), (Some("shop"), "GET /1"));
    assert_eq!(after.services, ["cards", "shop"]);
    assert_eq!(store.search(&all).unwrap().len(), 1);
}

#[test]
fn every_condition_of_a_search_holds_for_the_whole_trace() {
    let (_dir, store) = store();
    let http = |status: i64| {
        vec![("http.response.status_code", Value::Int(status)), ("http.method", "GET".into())]
    };
    store
        .append(
            &[
                vec![
                    with_attributes(span(1, 1, None, 0, 700), http(200)),
                    of_service(span(1, 2, Some(1), 1, 5), "cards"),
                ],
                vec![failed(with_attributes(span(2, 3, None, 1_000, 50), http(503)))],
                vec![by_sdk(with_attributes(
                    span(3, 4, None, 2_000, 900),
                    vec![("user.tier", "gold")],
                ))],
            ],
            NOON,
        )
        .unwrap();
    let all = IndexedQuery::newest(10);
    let cases: Vec<(&str, IndexedQuery, &[u128])> = vec![
        ("all, newest first", all.clone(), &[3, 2, 1]),
        ("slowest first", IndexedQuery { order: Order::Slowest, ..all.clone() }, &[3, 1, 2]),
        (
            "the limit comes last",
            IndexedQuery { order: Order::Slowest, limit: 1, ..all.clone() },
            &[3],
        ),
        ("of a service", IndexedQuery { services: vec!["cards".into()], ..all.clone() }, &[1]),
        (
            "of either service",
            IndexedQuery { services: vec!["cards".into(), "x'y".into()], ..all.clone() },
            &[1],
        ),
        ("of no service", IndexedQuery { services: vec!["nobody".into()], ..all.clone() }, &[]),
        ("long ones", IndexedQuery { min_duration_us: Some(700_000), ..all.clone() }, &[3, 1]),
        ("failed ones", IndexedQuery { failed: Some(true), ..all.clone() }, &[2]),
        ("ones without an error", IndexedQuery { failed: Some(false), ..all.clone() }, &[3, 1]),
        ("by eBPF", IndexedQuery { collector: Some(Collector::Ebpf), ..all.clone() }, &[2, 1]),
        ("by SDK", IndexedQuery { collector: Some(Collector::Sdk), ..all.clone() }, &[3]),
        ("by span name", IndexedQuery { name: Some("GET /2".into()), ..all.clone() }, &[1]),
        (
            "by name of the service's own span",
            IndexedQuery {
                name: Some("GET /1".into()),
                services: vec!["cards".into()],
                ..all.clone()
            },
            &[],
        ),
        ("by a promoted attribute", attribute(&all, &[("http.response.status_code", "503")]), &[2]),
        (
            "by the newer spelling of an older key",
            attribute(&all, &[("http.request.method", "GET")]),
            &[2, 1],
        ),
        (
            "by two attributes",
            attribute(&all, &[("http.method", "GET"), ("http.response.status_code", "200")]),
            &[1],
        ),
        ("by another attribute", attribute(&all, &[("user.tier", "gold")]), &[3]),
        ("by a resource attribute", attribute(&all, &[("host.name", "vm")]), &[3, 2, 1]),
        ("by a key that nothing has", attribute(&all, &[("no/such~key\"'", "x")]), &[]),
        (
            "started in a half-open range",
            IndexedQuery {
                started: TimeRange { start: NOON, end: NOON.later(Duration::from_secs(1)) },
                ..all.clone()
            },
            &[1],
        ),
        (
            "started since",
            IndexedQuery {
                started: TimeRange {
                    start: NOON.later(Duration::from_secs(1)),
                    end: TimeRange::ALL.end,
                },
                ..all.clone()
            },
            &[3, 2],
        ),
    ];
    for (what, query, expected) in &cases {
        assert_eq!(ids(&store, query), *expected, "hot: {what}");
    }
    store.seal().unwrap();
    for (what, query, expected) in &cases {
        assert_eq!(ids(&store, query), *expected, "sealed: {what}");
    }
}

fn attribute(query: &IndexedQuery, pairs: &[(&str, &str)]) -> IndexedQuery {
    let attributes = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    IndexedQuery { attributes, ..query.clone() }
}

#[test]
fn every_promoted_attribute_can_be_searched_for_under_each_of_its_spellings() {
    let (_dir, store) = store();
    let keys = [
        "http.request.method",
        "http.method",
        "http.route",
        "url.path",
        "http.target",
        "url.full",
        "http.url",
        "url.scheme",
        "http.scheme",
        "client.address",
        "server.address",
        "service.peer.name",
        "peer.service",
        "rpc.method",
        "rpc.system.name",
        "rpc.system",
        "db.system.name",
        "db.system",
        "db.operation.name",
        "db.operation",
        "db.collection.name",
        "db.sql.table",
        "db.namespace",
        "db.name",
        "messaging.system",
        "messaging.destination.name",
    ];
    let numbers = ["server.port", "http.request.body.size", "http.response.body.size"];
    for (at, key) in (1..).zip(keys) {
        let span = with_attributes(span(at, 1, None, 0, 1), vec![(key, format!("v{at}").as_str())]);
        store.append(&[vec![span]], NOON).unwrap();
    }
    for (at, key) in (101..).zip(numbers) {
        let span = with_attributes(span(at, 1, None, 0, 1), vec![(key, at as i64)]);
        store.append(&[vec![span]], NOON).unwrap();
    }
    let all = IndexedQuery::newest(10);
    for (at, key) in (1..).zip(keys) {
        assert_eq!(ids(&store, &attribute(&all, &[(key, &format!("v{at}"))])), [at], "{key}");
    }
    for (at, key) in (101..).zip(numbers) {
        assert_eq!(ids(&store, &attribute(&all, &[(key, &at.to_string())])), [at], "{key}");
    }
}
