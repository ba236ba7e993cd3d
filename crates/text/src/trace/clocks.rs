//! A copy of a trace in which the clocks of all hosts agree, for display. Moved spans are marked.

use super::picture::Picture;
use super::redacted::with_redacted_hops;
use coral_query::answer::{Trace, TraceSpan};
use coral_trace::{KeyValue, clock};

/// The attribute of a moved span: by how many microseconds the span was moved.
pub(super) const DELTA: &str = "coral.clock.delta_us";

/// `trace` with server spans moved into the calls that they answer, by
/// [`coral_trace::clock::deltas`]. A moved span has the additional attribute
/// `coral.clock.delta_us`. Start and duration of the result are those of the moved spans.
pub fn with_clocks_adjusted(trace: &Trace) -> Trace {
    let whole = with_redacted_hops(trace);
    let picture = Picture::of(&whole);
    let mut adjusted = trace.clone();
    for (TraceSpan { span, .. }, delta) in adjusted.spans.iter_mut().zip(&picture.deltas) {
        let micros = clock::whole_micros(*delta);
        if micros != 0 {
            (span.start, span.end) =
                (clock::moved(span.start, *delta), clock::moved(span.end, *delta));
            span.attributes.0.push(KeyValue { key: DELTA.to_owned(), value: micros.into() });
        }
    }
    let of_hops = picture.deltas.iter().skip(trace.spans.len());
    for (hop, delta) in adjusted.redacted_hops.iter_mut().zip(of_hops) {
        hop.start = clock::moved(hop.start, *delta);
    }
    let starts = adjusted.spans.iter().map(|span| span.span.start);
    let ends = adjusted.spans.iter().map(|span| span.span.end.max(span.span.start));
    if let (Some(start), Some(end)) = (starts.min(), ends.max()) {
        adjusted.start = start;
        adjusted.duration_us = end.as_micros().saturating_sub(start.as_micros());
    }
    adjusted
}
