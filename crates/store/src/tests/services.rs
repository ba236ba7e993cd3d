//! Names of services.

use coral_trace::{Span, TimeRange, UnixNanos};

use super::{NOON, of_service, span, store};
use crate::Store;

fn append(store: &Store, spans: Vec<Span>) {
    store.append(&[spans], NOON).unwrap();
}

fn names(store: &Store, started: TimeRange) -> Vec<String> {
    store.services(started).unwrap().into_iter().collect()
}

fn after_ms(ms: u64) -> UnixNanos {
    UnixNanos(NOON.0 + ms * 1_000_000)
}

#[test]
fn a_service_is_listed_however_long_ago_it_was_seen() {
    let (_dir, store) = store();
    append(&store, vec![of_service(span(1, 1, None, 0, 1), "old")]);
    store.seal().unwrap();
    append(&store, (2..1_500).map(|id| span(id.into(), id, None, id, 1)).collect());
    store.seal().unwrap();
    append(&store, vec![of_service(span(1_500, 1_500, None, 1_500, 1), "new")]);
    assert_eq!(names(&store, TimeRange::ALL), ["new", "old", "shop"]);
}

#[test]
fn segments_without_traces_in_the_range_add_no_names() {
    let (_dir, store) = store();
    append(&store, vec![of_service(span(1, 1, None, 0, 1), "old")]);
    store.seal().unwrap();
    append(&store, vec![span(2, 2, None, 50, 1), of_service(span(3, 3, None, 90, 1), "new")]);
    let since = |start| TimeRange { start, end: UnixNanos::MAX };
    assert_eq!(names(&store, since(after_ms(50))), ["new", "shop"]);
    assert_eq!(names(&store, since(after_ms(51))), ["new"]);
    assert_eq!(names(&store, TimeRange { start: NOON, end: after_ms(50) }), ["old"]);
}

/// The Parquet library stops dictionary-encoding a column when its dictionary exceeds 1 MiB.
#[test]
fn names_without_a_dictionary_are_listed_too() {
    let (_dir, store) = store();
    let name = |id: u64| format!("{id:03}{}", "x".repeat(20_000));
    let spans = (1..=100).map(|id| of_service(span(id.into(), id, None, id, 1), &name(id)));
    append(&store, spans.collect());
    store.seal().unwrap();
    assert_eq!(names(&store, TimeRange::ALL), (1..=100).map(name).collect::<Vec<_>>());
}
