//! Searches are exact where the store's own indexes are not. The conformance suite tests the rest.

use coral_engine::{Budget, Grid, TraceQuery, TraceReader as _};
use coral_trace::TimeRange;

use super::{NOON, of_service, span, store};
use crate::{IndexedQuery, Order};

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
