//! A trace as if all clocks agreed. Only what is shown changes, and it says so.

use super::picture::Picture;
use coral_query::answer::Trace;

/// The attribute that says by how many microseconds a span was moved.
pub(super) const DELTA: &str = "coral.clock.delta_us";

/// `trace` with the spans of servers moved into the calls that they answer: [`coral_trace::clock::deltas`]. Spans that were moved
/// have an attribute `coral.clock.delta_us` more.
pub fn with_clocks_adjusted(trace: &Trace) -> Trace {
    let picture = Picture::of(trace);
    let mut adjusted = trace.clone();
    let spans = adjusted.spans.iter_mut().filter(|span| picture.is_read(span));
    for (span, delta) in spans.zip(&picture.deltas) {
        let micros = delta / 1_000;
        if micros != 0 {
            span.start_time_unix_us = span.start_time_unix_us.saturating_add(micros);
            span.attributes.insert(DELTA.to_owned(), micros.to_string());
        }
    }
    let starts = adjusted.spans.iter().map(|span| span.start_time_unix_us);
    let ends =
        adjusted.spans.iter().map(|span| span.start_time_unix_us.saturating_add(span.duration_us));
    if let (Some(start), Some(end)) = (starts.min(), ends.max()) {
        adjusted.start_time_unix_us = start;
        adjusted.duration_us = end.saturating_sub(start);
    }
    adjusted
}
