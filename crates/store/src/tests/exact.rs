//! Searches are exact where the store's own indexes are not. The conformance suite tests the rest.

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
