//! Traces by id.

use std::sync::Arc;

use coral_trace::{Collector, SpanId, TraceId, TraceIdPrefix, UnixNanos};

use crate::error::StoreError;
use crate::live::Live;
use crate::places::Places;
use crate::row::StoredSpan;
use crate::segment::Segment;
use crate::store::Store;

/// One trace, or as much of it as was asked for.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StoredTrace {
    /// By start, then id.
    pub spans: Vec<StoredSpan>,
    /// Spans stored; more than `spans` when the limit cut it.
    pub span_count: u64,
    /// Spans stored whose status is an error.
    pub error_count: u64,
    /// Start of the first span stored, in whole microseconds.
    pub start: UnixNanos,
    /// End of the last span stored, in whole microseconds.
    pub end: UnixNanos,
    /// Services with a span stored, by name.
    pub services: Vec<String>,
}

impl Store {
    /// The spans of `trace`, of `collector` or of both, the first `limit` by start. Without any, the
    /// trace is not stored. RFD 036's `QueryTraceByID`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn trace(
        &self,
        trace: TraceId,
        collector: Option<Collector>,
        limit: u32,
    ) -> Result<StoredTrace, StoreError> {
        self.0.live.reading(|| one_trace(&self.0.live, trace, collector, limit))
    }

    /// Whether a span of `trace` is stored. Reads no span.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn contains(&self, trace: TraceId) -> Result<bool, StoreError> {
        self.0.live.reading(|| {
            let places = Places::of(&self.0.live, &[trace], None)?;
            Ok(places.sum.is_some())
        })
    }

    /// Spans of `collector`, or of both, in `traces`, trace by trace, each by start, at most `limit`; only the one with
    /// `span`'s id when that is given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn spans_of(
        &self,
        traces: &[TraceId],
        collector: Option<Collector>,
        span: Option<SpanId>,
        limit: u32,
    ) -> Result<Vec<StoredSpan>, StoreError> {
        let mut spans = self.0.live.reading(|| {
            let mut places = Places::of(&self.0.live, traces, collector)?;
            if let Some(span) = span {
                places.keep_span(span)?;
            }
            places.keep_first(u64::from(limit))?;
            places.read()
        })?;
        // A span is large, and its key is not.
        spans.sort_by_cached_key(|stored| {
            (stored.span.trace_id, stored.span.start, stored.span.span_id)
        });
        spans.truncate(limit as usize);
        Ok(spans)
    }

    /// The traces whose id begins with `prefix`, in order of their ids, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn traces_with_prefix(
        &self,
        prefix: TraceIdPrefix,
        limit: u32,
    ) -> Result<Vec<TraceId>, StoreError> {
        self.0
            .live
            .reading(|| traces_between(&self.0.live, prefix.first(), prefix.last(), limit as usize))
    }
}

fn one_trace(
    live: &Live,
    trace: TraceId,
    collector: Option<Collector>,
    limit: u32,
) -> Result<StoredTrace, StoreError> {
    let mut places = Places::of(live, &[trace], collector)?;
    let sum = places.sum.clone();
    places.keep_first(u64::from(limit))?;
    let mut spans = places.read()?;
    spans.sort_by_key(|stored| (stored.span.start, stored.span.span_id));
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

fn traces_between(
    live: &Live,
    first: u128,
    last: u128,
    limit: usize,
) -> Result<Vec<TraceId>, StoreError> {
    let inside = |trace: &TraceId| (first..=last).contains(&trace.as_u128());
    let state = live.read();
    let segments: Arc<Vec<Arc<Segment>>> = state.segments.clone();
    let hot = state.generations().flat_map(|generation| generation.traces.keys());
    let mut found: Vec<TraceId> = hot.copied().filter(inside).collect();
    drop(state);
    for segment in segments.iter() {
        let ids = segment
            .ids_between(first, last, limit)
            .map_err(StoreError::unreadable(segment.id()))?;
        found.extend(ids.into_iter().filter_map(|id| TraceId::try_from(id).ok()));
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(limit);
    Ok(found)
}
