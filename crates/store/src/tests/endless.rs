//! A trace that never ends: one span of it in every segment.

use super::{NOON, span, store, trace_id};
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
fn a_commit_looks_for_a_trace_in_the_newest_sixteen_segments_that_have_it() {
    let (_dir, store) = store();
    seal_each(&store, 40);
    let segments = store.0.spans.live.segments();
    let linked = segments[39].split_with();
    assert_eq!(linked.into_iter().collect::<Vec<_>>(), (24..=39).collect::<Vec<_>>());
    // A repeated span of these segments is recognised.
    let repeated = store.append(&[vec![span(1, 30, None, 30, 1)]], NOON).unwrap();
    assert_eq!((repeated[0].new, repeated[0].duplicate), (0, 1));
}
