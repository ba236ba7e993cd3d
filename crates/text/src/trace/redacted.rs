//! A trace with its redacted hops as spans, for display.

use std::borrow::Cow;
use std::sync::Arc;

use coral_query::answer::{Trace, TraceSpan, placed};
use coral_trace::tree::Hop;
use coral_trace::{Attributes, Collector, Origin, Span, Status, TraceId};

/// The name that stands for the service and the name of a redacted hop.
pub(super) const REDACTED: &str = "redacted";

/// `trace`, with a span at the end of its spans for each redacted hop. Such a span has times and a
/// parent only. Start and duration are those of all spans. Without redacted hops, `trace` itself.
pub(super) fn with_redacted_hops(trace: &Trace) -> Cow<'_, Trace> {
    let Some(trace_id) = trace.spans.first().map(|one| one.span.trace_id) else {
        return Cow::Borrowed(trace);
    };
    if trace.redacted_hops.is_empty() {
        return Cow::Borrowed(trace);
    }
    let shown = trace.spans.iter().map(|one| (one.span.span_id, one.span.parent_span_id));
    let origin = Arc::new(Origin { collector: collector(trace), ..Origin::default() });
    let agent_id: Arc<str> = "".into();
    let hops = placed(&trace.redacted_hops, shown);
    let hops = hops
        .iter()
        .map(|hop| TraceSpan { agent_id: agent_id.clone(), span: opaque(trace_id, hop, &origin) });
    let mut whole = trace.clone();
    whole.spans.extend(hops);
    let starts = whole.spans.iter().map(|one| one.span.start);
    let ends = whole.spans.iter().map(|one| one.span.end.max(one.span.start));
    if let (Some(start), Some(end)) = (starts.min(), ends.max()) {
        whole.start = start;
        whole.duration_us = end.as_micros().saturating_sub(start.as_micros());
    }
    Cow::Owned(whole)
}

/// The collector of the shown spans, so that a redacted hop tells no other.
fn collector(trace: &Trace) -> Collector {
    trace.spans.first().map_or(Collector::Sdk, |one| one.span.origin.collector)
}

fn opaque(trace_id: TraceId, hop: &Hop, origin: &Arc<Origin>) -> Span {
    Span {
        trace_id,
        span_id: hop.span_id,
        parent_span_id: hop.parent,
        trace_state: String::new(),
        flags: 0,
        name: REDACTED.to_owned(),
        kind: hop.kind,
        start: hop.start,
        end: hop.end,
        attributes: Attributes::default(),
        dropped_attributes: 0,
        events: Vec::new(),
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: Status::default(),
        origin: origin.clone(),
    }
}
