//! Searches are exact where the store's own indexes are not. The conformance suite tests the rest.

use coral_engine::{Budget, Grid, TraceQuery, TraceReader};
use coral_trace::{Collector, Span, TimeRange};

use super::{NOON, by_sdk, failed, of_service, span, store, with_attributes};
use crate::{IndexedQuery, Order, Store};

#[test]
fn a_search_finds_one_of_many_services_that_share_a_bit() {
    let (_dir, store) = store();
    // 300 names share 64 bits, and the longest traces are of other services.
    let many = (1..=300_u64)
        .map(|id| of_service(span(id.into(), id, None, id, 1_000 - id), &format!("service-{id}")));
    store.append(&[many.collect()], NOON).unwrap();
    store.seal().unwrap();
    for id in [1, 150, 300] {
        let query = IndexedQuery {
            services: vec![format!("service-{id}")],
            order: Order::Slowest,
            ..IndexedQuery::newest(1)
        };
        let found = store.search(&query).unwrap();
        assert_eq!(found.iter().map(|trace| trace.trace_id.as_u128()).collect::<Vec<_>>(), [id]);
    }
}

#[test]
fn a_histogram_counts_one_of_many_services_that_share_a_bit() {
    let (_dir, store) = store();
    let many = (1..=300_u64)
        .map(|id| of_service(span(id.into(), id, None, id, 1_000 - id), &format!("service-{id}")));
    store.append(&[many.collect()], NOON).unwrap();
    let count = || {
        let services = vec!["service-150".to_owned(), "service-7".to_owned()];
        let grid = Grid { range: TimeRange::ALL, columns: 1, bounds_us: Vec::new() };
        let query = TraceQuery { services, ..grid.query() };
        store.histogram(&query, &grid, &Budget::unlimited()).unwrap().counts
    };
    assert_eq!(count(), [2]);
    store.seal().unwrap();
    assert_eq!(count(), [2]);
}

/// Traces 1 to 300. The SDK saw the first 10 ms of each, and every other one was also seen by eBPF, from
/// 20 ms to 50 ms, with a failed span that has an attribute. So the two rows of some of them lie in
/// two blocks of digests.
fn seen_by_both() -> Vec<Span> {
    let by_ebpf = |id: u64| failed(span(id.into(), 2 * id + 1, None, id + 20, 30));
    let sdk = (1..=300).map(|id| by_sdk(span(id.into(), 2 * id, None, id, 10)));
    let ebpf = (1..=300).step_by(2).map(by_ebpf);
    sdk.chain(ebpf.map(|span| with_attributes(span, vec![("user.tier", "gold")]))).collect()
}

#[test]
fn a_trace_that_both_collectors_saw_is_one_trace_with_the_sums_of_both() {
    let (_dir, store) = store();
    store.append(&[seen_by_both()], NOON).unwrap();
    store.seal().unwrap();
    let all = IndexedQuery::newest(1_000);
    let odd: Vec<u128> = (1..300).rev().step_by(2).collect();
    for query in [
        IndexedQuery { min_duration_us: Some(50_000), ..all.clone() },
        IndexedQuery { failed: Some(true), ..all.clone() },
        IndexedQuery { attributes: vec![("user.tier".into(), "gold".into())], ..all.clone() },
        IndexedQuery { collector: Some(Collector::Ebpf), ..all.clone() },
    ] {
        let found: Vec<u128> =
            store.search(&query).unwrap().iter().map(|trace| trace.trace_id.as_u128()).collect();
        assert_eq!(found, odd, "{query:?}");
    }
    let none = IndexedQuery {
        collector: Some(Collector::Ebpf),
        min_duration_us: Some(50_000),
        ..all.clone()
    };
    assert_eq!(store.search(&none).unwrap(), []);
    let found = store.search(&all).unwrap();
    assert_eq!((found.len(), found.iter().map(|trace| trace.spans).sum::<u64>()), (300, 450));
    let slowest = IndexedQuery { order: Order::Slowest, ..IndexedQuery::newest(150) };
    assert!(store.search(&slowest).unwrap().iter().all(|trace| trace.duration_us == 50_000));
}

/// How many rows a search reads.
fn rows_read(store: &Store, query: &TraceQuery) -> u64 {
    let budget = Budget::unlimited();
    TraceReader::search(store, query, &budget).unwrap();
    budget.rows()
}

#[test]
fn the_newest_traces_that_both_collectors_saw_are_found_without_a_look_at_older_segments() {
    let (_dir, store) = store();
    for hour in 0..4_u64 {
        let later = |span: Span| {
            let mut span = span;
            let shift = hour * 3_600_000_000_000;
            span.trace_id = super::trace_id(span.trace_id.as_u128() + u128::from(hour) * 1_000);
            (span.start.0, span.end.0) = (span.start.0 + shift, span.end.0 + shift);
            span
        };
        store.append(&[seen_by_both().into_iter().map(later).collect()], NOON).unwrap();
        store.seal().unwrap();
    }
    let query = TraceQuery::newest(10);
    let rows = rows_read(&store, &query);
    assert!(rows <= 450 + 20, "{rows} rows of 4 segments of 450");
}

#[test]
fn a_service_that_no_segment_has_costs_a_look_at_lists_of_names() {
    let (_dir, store) = store();
    for round in 0..3_u64 {
        let spans = (1..=300_u64).map(|id| {
            let id = round * 1_000 + id;
            of_service(span(id.into(), id, None, id, 5), &format!("service-{}", id % 100))
        });
        // The first trace goes on in every segment.
        let late = span(1, 5_000 + round, None, 0, 1);
        store.append(&[spans.chain([late]).collect()], NOON).unwrap();
        store.seal().unwrap();
    }
    store.append(&[vec![span(1, 9_000, None, 0, 1)]], NOON).unwrap();
    let of =
        |service: &str| TraceQuery { services: vec![service.to_owned()], ..TraceQuery::newest(20) };
    let hot = 1;
    assert_eq!(rows_read(&store, &of("paymnts")), hot);
    assert!(rows_read(&store, &of("service-7")) > hot);
}

#[test]
fn a_trace_that_begins_in_a_segment_without_the_service_is_found_in_its_window() {
    let (_dir, store) = store();
    let hour = 3_600_000;
    store.append(&[vec![span(1, 1, None, 0, 1), span(2, 2, None, 5, 1)]], NOON).unwrap();
    store.seal().unwrap();
    let late = of_service(span(1, 3, Some(1), hour, 1), "worker");
    store.append(&[vec![late, span(4, 4, None, hour, 1)]], NOON).unwrap();
    store.seal().unwrap();
    let at = |ms: u64| coral_trace::UnixNanos(NOON.0 + ms * 1_000_000);
    for (from, until, ids) in [(0, 1_000, vec![1_u128]), (1_000, 2 * hour, vec![])] {
        let query = IndexedQuery {
            services: vec!["worker".to_owned()],
            started: TimeRange { start: at(from), end: at(until) },
            ..IndexedQuery::newest(10)
        };
        let found = store.search(&query).unwrap();
        assert_eq!(found.iter().map(|trace| trace.trace_id.as_u128()).collect::<Vec<_>>(), ids);
    }
}
