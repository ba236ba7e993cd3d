//! A trace that never ends: one span of it in every segment.

use super::{NOON, config, of_service, span, store, trace_id};
use crate::{IndexedQuery, Store};

/// Stores spans 1 to `segments` of trace 1, each in a segment of its own.
fn seal_each(store: &Store, segments: u64) {
    for id in 1..=segments {
        store.append(&[vec![span(1, id, None, id, 1)]], NOON).unwrap();
        assert_eq!(store.seal().unwrap(), 1);
    }
}

#[test]
fn a_trace_in_every_segment_is_listed_once_with_all_its_spans() {
    let (_dir, store) = store();
    seal_each(&store, 40);
    store.append(&[vec![span(1, 41, None, 41, 1)]], NOON).unwrap();
    let found = store.search(&IndexedQuery::newest(10)).unwrap();
    assert_eq!(found.iter().map(|trace| trace.spans).collect::<Vec<_>>(), [41]);
    assert_eq!(store.trace(trace_id(1), None, 100).unwrap().span_count, 41);
}

#[test]
fn every_segment_of_a_trace_is_linked_with_all_others_after_a_look_at_sixteen() {
    let (dir, store) = store();
    seal_each(&store, 40);
    let is_linked_with_all = |store: &Store| {
        store.0.spans.live.segments().iter().all(|segment| {
            let others = (1..=40).filter(|id| *id != segment.id());
            segment.split_with().into_iter().eq(others)
        })
    };
    assert!(is_linked_with_all(&store));
    // A repeated span of the newest sixteen segments is recognised, and an older one is not.
    for (id, new) in [(25, 0), (24, 1)] {
        let repeated = store.append(&[vec![span(1, id, None, id, 1)]], NOON).unwrap();
        assert_eq!(repeated[0].new, new, "span {id}");
    }
    drop(store);
    assert!(is_linked_with_all(&Store::open(config(&dir)).unwrap()));
}

#[test]
fn a_service_in_one_part_of_an_endless_trace_finds_all_of_it() {
    let (_dir, store) = store();
    store.append(&[vec![of_service(span(1, 99, None, 0, 1), "worker")]], NOON).unwrap();
    store.seal().unwrap();
    seal_each(&store, 40);
    store.append(&[vec![span(1, 41, None, 41, 1)]], NOON).unwrap();
    let query = IndexedQuery { services: vec!["worker".to_owned()], ..IndexedQuery::newest(10) };
    let found = store.search(&query).unwrap();
    assert_eq!(found.iter().map(|trace| trace.spans).collect::<Vec<_>>(), [42]);
}
