//! Traces by id.

use std::sync::Arc;

use arrow_array::RecordBatch;
use coral_trace::{Collector, SpanId, TraceId, TraceIdPrefix};

use crate::error::StoreError;
use crate::live::State;
use crate::row::{SpanReader, StoredSpan};
use crate::segment::Segment;
use crate::store::{Inner, Store};

/// One trace, or as much of it as was asked for.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StoredTrace {
    /// By start, then id.
    pub spans: Vec<StoredSpan>,
    /// Spans stored; more than `spans` when the limit cut it.
    pub span_count: u64,
    /// Spans stored whose status is an error.
    pub error_count: u64,
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
        let mut spans = self.0.reading(|| self.0.spans_of_all(&[trace], collector))?;
        spans.sort_by_key(|stored| (stored.span.start, stored.span.span_id));
        let span_count = spans.len() as u64;
        let error_count = spans.iter().filter(|stored| stored.span.is_error()).count() as u64;
        spans.truncate(limit as usize);
        Ok(StoredTrace { spans, span_count, error_count })
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
        let mut spans = self.0.reading(|| self.0.spans_of_all(traces, collector))?;
        spans.retain(|stored| span.is_none_or(|wanted| stored.span.span_id == wanted));
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
        self.0.reading(|| self.0.traces_between(prefix.first(), prefix.last(), limit as usize))
    }
}

impl Inner {
    /// In no order.
    fn spans_of_all(
        &self,
        traces: &[TraceId],
        collector: Option<Collector>,
    ) -> Result<Vec<StoredSpan>, StoreError> {
        let mut traces = traces.to_vec();
        traces.sort_unstable();
        traces.dedup();
        let state = self.live.read();
        let segments = state.segments.clone();
        let hot = hot_rows(&state, &traces, collector);
        drop(state);
        let (mut reader, mut spans) = (SpanReader::default(), Vec::new());
        for batch in hot {
            reader.read(&batch, &mut spans)?;
        }
        for segment in segments.iter() {
            for batch in
                sealed_rows(segment, &traces).map_err(StoreError::unreadable(segment.id()))?
            {
                reader.read(&batch, &mut spans)?;
            }
        }
        spans
            .retain(|stored| collector.is_none_or(|wanted| stored.span.origin.collector == wanted));
        Ok(spans)
    }

    fn traces_between(
        &self,
        first: u128,
        last: u128,
        limit: usize,
    ) -> Result<Vec<TraceId>, StoreError> {
        let inside = |trace: &TraceId| (first..=last).contains(&trace.as_u128());
        let state = self.live.read();
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
}

fn hot_rows(state: &State, traces: &[TraceId], collector: Option<Collector>) -> Vec<RecordBatch> {
    let pick = |generation: &crate::generation::Generation| {
        let traces = traces.iter().filter_map(|trace| generation.traces.get(trace));
        let rows: Vec<u32> = traces
            .flat_map(|trace| trace.parts(collector))
            .flat_map(|part| part.rows.iter().copied())
            .collect();
        (!rows.is_empty()).then(|| generation.pick(&rows))
    };
    state.generations().filter_map(pick).collect()
}

fn sealed_rows(segment: &Segment, traces: &[TraceId]) -> Result<Vec<RecordBatch>, StoreError> {
    let maybe: Vec<TraceId> =
        traces.iter().copied().filter(|trace| segment.may_contain(*trace)).collect();
    if maybe.is_empty() {
        return Ok(Vec::new());
    }
    let trace_rows: Vec<u32> = segment.find(&maybe)?.into_iter().map(|(row, _)| row).collect();
    if trace_rows.is_empty() {
        return Ok(Vec::new());
    }
    let details = segment.details(&trace_rows)?;
    let mut rows: Vec<u32> = details.into_iter().flat_map(|(_, detail)| detail.rows).collect();
    rows.sort_unstable();
    segment.spans_at(&rows, None)
}
