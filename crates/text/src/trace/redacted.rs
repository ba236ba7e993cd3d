//! A trace with its redacted hops as spans, for display.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use coral_query::answer::{Trace, TraceSpan};
use coral_trace::{
    Attributes, Collector, Origin, Span, SpanId, SpanKind, Status, TraceId, UnixNanos,
};

/// The name that stands for the service and the name of a redacted hop.
pub(super) const REDACTED: &str = "redacted";

/// The ids that redacted hops without shown children have in a picture begin here.
const FIRST_ID: u64 = 1 << 63;

/// `trace`, with a span at the end of its spans for each redacted hop. Such a span has times and a
/// parent only. Start and duration are those of all spans. Without redacted hops, `trace` itself.
pub(super) fn with_redacted_hops(trace: &Trace) -> Cow<'_, Trace> {
    let Some(trace_id) = trace.spans.first().map(|one| one.span.trace_id) else {
        return Cow::Borrowed(trace);
    };
    if trace.redacted_hops.is_empty() {
        return Cow::Borrowed(trace);
    }
    let ids = ids(trace);
    let origin = Arc::new(Origin { collector: collector(trace), ..Origin::default() });
    let agent_id: Arc<str> = "".into();
    let hops: Vec<TraceSpan> = trace
        .redacted_hops
        .iter()
        .zip(&ids)
        .map(|(hop, id)| {
            let nanos = u64::try_from(hop.duration_us).unwrap_or(0).saturating_mul(1_000);
            let end = UnixNanos(hop.start.0.saturating_add(nanos));
            let parent = hop.parent.as_deref().and_then(|parent| parent_id(parent, &ids));
            let span = opaque(trace_id, *id, parent, [hop.start, end], &origin);
            TraceSpan { agent_id: agent_id.clone(), span }
        })
        .collect();
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

/// An id for each redacted hop: that which shown spans name as their parent, or a free one.
fn ids(trace: &Trace) -> Vec<SpanId> {
    let parents: HashMap<SpanId, Option<SpanId>> =
        trace.spans.iter().map(|one| (one.span.span_id, one.span.parent_span_id)).collect();
    let named: HashSet<SpanId> =
        parents.iter().flat_map(|(id, parent)| [Some(*id), *parent]).flatten().collect();
    let mut free = (FIRST_ID..=u64::MAX)
        .filter_map(|id| SpanId::try_from(id).ok())
        .filter(|id| !named.contains(id));
    let hops = trace.redacted_hops.iter();
    hops.filter_map(|hop| {
        let known = hop.children.iter().find_map(|child| parents.get(child).copied().flatten());
        known.or_else(|| free.next())
    })
    .collect()
}

/// The id of the parent that a hop names: that of `redacted-N`, or of a shown span.
fn parent_id(parent: &str, ids: &[SpanId]) -> Option<SpanId> {
    match parent.strip_prefix("redacted-") {
        Some(number) => ids.get(number.parse::<usize>().ok()?.checked_sub(1)?).copied(),
        None => parent.parse().ok(),
    }
}

/// The collector of the shown spans, so that a redacted hop tells no other.
fn collector(trace: &Trace) -> Collector {
    trace.spans.first().map_or(Collector::Sdk, |one| one.span.origin.collector)
}

fn opaque(
    trace_id: TraceId,
    span_id: SpanId,
    parent_span_id: Option<SpanId>,
    [start, end]: [UnixNanos; 2],
    origin: &Arc<Origin>,
) -> Span {
    Span {
        trace_id,
        span_id,
        parent_span_id,
        trace_state: String::new(),
        flags: 0,
        name: REDACTED.to_owned(),
        kind: SpanKind::Internal,
        start,
        end,
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
