//! Looks up traces by id.

use std::ops::RangeInclusive;
use std::sync::Arc;

use coral_engine::{Budget, Columns, StoredSpan, StoredTrace};
use coral_trace::{Collector, SpanId, TraceId, UnixNanos};

use crate::error::StoreError;
use crate::hot::live::Live;
use crate::read::places::Places;
use crate::segment::Segment;

/// See [`Store::trace`](crate::Store::trace).
pub(crate) fn one_trace(
    live: &Live,
    trace: TraceId,
    collector: Option<Collector>,
    columns: Columns,
    limit: u32,
    budget: &Budget,
) -> Result<StoredTrace, StoreError> {
    let mut places = Places::of(live, &[trace], collector, budget)?;
    let sum = places.sum.clone();
    places.keep_first(u64::from(limit), budget)?;
    let mut spans = places.read(columns, budget)?;
    // Spans are large and keys are small, so cache the keys.
    spans.sort_by_cached_key(|stored| (stored.span.start, stored.span.span_id));
    spans.truncate(limit as usize);
    let Some(sum) = sum else { return Ok(StoredTrace::default()) };
    Ok(StoredTrace {
        spans,
        span_count: sum.spans,
        error_count: sum.errors,
        start: UnixNanos::from_micros(sum.first_start),
        end: UnixNanos::from_micros(sum.last_end),
        services: sum.services.iter().map(|service| service.to_string()).collect(),
    })
}

/// Whether a span of `trace` is stored.
pub(crate) fn contains(live: &Live, trace: TraceId, budget: &Budget) -> Result<bool, StoreError> {
    budget.check()?;
    Ok(Places::of(live, &[trace], None, budget)?.sum.is_some())
}

/// See [`Store::spans_of`](crate::Store::spans_of).
pub(crate) fn spans_of(
    live: &Live,
    traces: &[TraceId],
    collector: Option<Collector>,
    span: Option<SpanId>,
    columns: Columns,
    limit: u32,
    budget: &Budget,
) -> Result<Vec<StoredSpan>, StoreError> {
    let mut places = Places::of(live, traces, collector, budget)?;
    if let Some(span) = span {
        places.keep_span(span, budget)?;
    }
    places.keep_first(u64::from(limit), budget)?;
    let mut spans = places.read(columns, budget)?;
    spans.sort_by_cached_key(|stored| {
        (stored.span.trace_id, stored.span.start, stored.span.span_id)
    });
    spans.truncate(limit as usize);
    Ok(spans)
}

/// The ids of stored traces in `range`: the `limit` lowest, in order.
pub(crate) fn traces_between(
    live: &Live,
    range: RangeInclusive<u128>,
    limit: usize,
    budget: &Budget,
) -> Result<Vec<TraceId>, StoreError> {
    let inside = |trace: &TraceId| range.contains(&trace.as_u128());
    budget.check()?;
    let state = live.read();
    let segments: Arc<Vec<Arc<Segment>>> = state.segments.clone();
    let hot = state.generations().flat_map(|generation| generation.traces.keys());
    let mut found: Vec<TraceId> = hot.copied().filter(inside).collect();
    drop(state);
    for segment in segments.iter() {
        budget.check()?;
        let ids = segment
            .ids_between(*range.start(), *range.end(), limit)
            .map_err(StoreError::unreadable(segment.receipts()))?;
        found.extend(ids.into_iter().filter_map(|id| TraceId::try_from(id).ok()));
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(limit);
    Ok(found)
}
