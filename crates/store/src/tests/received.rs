//! Spans in order of receipt, for readers that follow the store.

use coral_engine::{Budget, ReadLimit, ReceivedSpans, SpanRetention, TraceReader as _};
use coral_trace::UnixNanos;
use std::time::Duration;

use super::{NOON, by_sdk, span, store};
use crate::Store;

const SECOND: u64 = 1_000_000_000;

fn after(store: &Store, after: u64, spans: usize) -> ReceivedSpans {
    let limit = ReadLimit { spans, bytes: usize::MAX };
    store.received_after(after, limit, &Budget::unlimited()).unwrap()
}

fn received(seconds: u64) -> UnixNanos {
    UnixNanos(NOON.0 + seconds * SECOND)
}

/// A store with 40 spans of both collectors, received one each second: 20 are sealed.
fn mixed() -> (tempfile::TempDir, Store) {
    let (dir, store) = store();
    for id in 1..=40 {
        let one = span(id.into(), id, None, id, 1);
        let one = if id % 2 == 0 { by_sdk(one) } else { one };
        store.append(&[vec![one]], received(id)).unwrap();
        if id == 20 {
            store.seal().unwrap();
        }
    }
    (dir, store)
}

#[test]
fn a_reader_follows_the_spans_of_both_collectors_across_segments_and_memory() {
    let (_dir, store) = mixed();
    let (mut cursor, mut seen) = (0, Vec::new());
    loop {
        let read = after(&store, cursor, 7);
        if read.spans.is_empty() {
            break;
        }
        assert_eq!(read.next_receipt - cursor, read.spans.len() as u64);
        assert_eq!(read.since, Some(received(cursor + 1)));
        seen.extend(read.spans.iter().map(|stored| stored.receipt));
        cursor = read.next_receipt;
    }
    assert_eq!(seen, (1..=40).collect::<Vec<_>>());
    assert_eq!((cursor, after(&store, cursor, 7).next_receipt), (40, 40));
}

#[test]
fn a_cursor_at_an_instant_is_before_the_first_span_received_then() {
    let (_dir, store) = mixed();
    let at = |instant| store.cursor_at(instant, &Budget::unlimited()).unwrap();
    for seconds in 1..=40 {
        assert_eq!(at(received(seconds)), seconds - 1);
        assert_eq!(at(UnixNanos(received(seconds).0 + SECOND / 2)), seconds);
    }
    assert_eq!((at(UnixNanos(0)), at(received(100))), (0, 40));
}

#[test]
fn receipts_that_expired_are_missing_between_the_cursor_and_the_next_receipt() {
    let (_dir, store) = mixed();
    // The sealed half is more than the limit of bytes.
    let keep = SpanRetention { age: Duration::from_secs(3_600), bytes: 1 };
    store.maintain(keep, received(41)).unwrap();
    let read = after(&store, 3, 1_000);
    let first = read.spans.first().map_or(41, |stored| stored.receipt);
    assert!(first > 4, "{first}");
    assert_eq!(read.next_receipt, 40);
    assert_eq!(read.next_receipt - 3 - read.spans.len() as u64, first - 4);
}
