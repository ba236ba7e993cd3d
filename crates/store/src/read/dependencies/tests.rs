//! Traces that become split while the map is read.

use coral_engine::Budget;
use coral_trace::UnixNanos;

use super::*;
use crate::tests::{span, store};

#[test]
fn a_trace_that_becomes_split_between_two_passes_is_counted_once() {
    let (_dir, store) = store();
    // The trace id is odd, so that the trace is in the second of two passes once it is split.
    let (request, call) = (span(1, 1, None, 0, 10), span(1, 2, Some(1), 1, 5));
    let append = |span| {
        store.append(&[vec![span]], UnixNanos(1)).unwrap();
        assert_eq!(store.seal().unwrap(), 1);
    };
    append(request);
    let (live, budget) = (&store.0.spans.live, Budget::unlimited());
    let window = Window { since: 0, until: i64::MAX, collector: None };
    let mut view = view(live, window);
    let map = Dependencies::default();
    let map = view.read(window, Pass { part: 0, of: 2 }, map, &budget).unwrap();
    append(call);
    let map = view.read(window, Pass { part: 1, of: 2 }, map, &budget).unwrap();
    assert_eq!(map.topology().counts.traces, 1);
}
