//! The summary of a trace of which only some spans count.

use std::collections::BTreeSet;

use coral_engine::{Columns, StoredSpan, TraceSummary};
use coral_trace::{Span, TraceId, UnixNanos};

/// The columns that a summary needs: attributes decide whether a span is a virtual hop, and have
/// the response status.
pub(super) fn columns() -> Columns {
    Columns::CORE | Columns::ATTRIBUTES
}

/// The summary of a trace with these `spans`; `None` if there are none.
pub(super) fn summary(trace_id: TraceId, spans: &[StoredSpan]) -> Option<TraceSummary> {
    let all = || spans.iter().map(|stored| &stored.span);
    // Of spans that start together, a virtual hop comes last.
    let rank = |span: &&Span| (span.start.as_micros(), span.is_virtual_hop(), span.span_id);
    let root = all().filter(|span| span.parent_span_id.is_none()).min_by_key(rank);
    let named = root.or_else(|| all().min_by_key(rank))?;
    let start = all().map(|span| span.start.as_micros()).min()?;
    let end = all().map(|span| span.end.as_micros()).max()?;
    let services: BTreeSet<&str> = all().map(|span| span.origin.service_name()).collect();
    Some(TraceSummary {
        trace_id,
        start: UnixNanos::from_micros(start),
        duration_us: end - start,
        spans: spans.len() as u64,
        errors: all().filter(|span| span.is_error()).count() as u64,
        services: services.into_iter().map(str::to_owned).collect(),
        root_service: root.map(|root| root.origin.service_name().to_owned()),
        root_name: named.name.clone(),
        status_code: named.response_status(),
    })
}
