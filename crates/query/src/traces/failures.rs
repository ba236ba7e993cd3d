//! Names the deepest failing span of each failing trace in a list.

use std::collections::BTreeMap;

use coral_engine::{Columns, EngineError, TraceSummary};
use coral_trace::{DeepestFailure, Span, TraceId};

use super::answer::TraceFailure;
use crate::reader::Reader;
use crate::source::Source;

/// The largest number of spans that are read for one list. Further failing traces of the list have
/// no deepest failing span.
const MAX_SPANS: u64 = 100_000;
/// Traces with more spans than this are not read.
const MAX_SPANS_PER_TRACE: u64 = 10_000;
/// The largest number of bytes of one text of a failure; a longer text is cut.
const MAX_TEXT_BYTES: usize = 500;

impl Reader<'_> {
    /// The deepest failing spans of the `listed` traces that fail, in as many traces as the limits
    /// allow, in the order of the list.
    pub(super) fn failures(
        &self,
        listed: &[TraceSummary],
        source: Source,
    ) -> Result<BTreeMap<TraceId, TraceFailure>, EngineError> {
        let mut left = MAX_SPANS;
        let failing =
            listed.iter().filter(|trace| trace.errors > 0 && trace.spans <= MAX_SPANS_PER_TRACE);
        let read = failing.map_while(|trace| {
            left = left.checked_sub(trace.spans)?;
            Some(trace.trace_id)
        });
        let ids: Vec<TraceId> = read.collect();
        self.failures_in(&ids, source, MAX_SPANS as u32)
    }

    /// The deepest failing spans of `traces`, of which at most `max_spans` spans are read.
    pub(crate) fn failures_in(
        &self,
        traces: &[TraceId],
        source: Source,
        max_spans: u32,
    ) -> Result<BTreeMap<TraceId, TraceFailure>, EngineError> {
        if traces.is_empty() {
            return Ok(BTreeMap::new());
        }
        let columns = Columns::ATTRIBUTES | Columns::DETAILS;
        let spans = self.spans(traces, source.collector(), columns, max_spans)?;
        let mut read: Vec<&[Span]> =
            spans.chunk_by(|one, next| one.trace_id == next.trace_id).collect();
        if spans.len() >= max_spans as usize {
            // The limit may have cut the last trace.
            read.pop();
        }
        let found = read.into_iter().filter_map(|spans| {
            Some((spans.first()?.trace_id, failure(DeepestFailure::of_trace(spans)?)))
        });
        Ok(found.collect())
    }
}

fn failure(found: DeepestFailure) -> TraceFailure {
    TraceFailure {
        span_id: found.span_id,
        service: cut(found.service),
        operation: cut(found.operation),
        callee: found.callee.map(cut),
        status_code: found.status_code,
        error_type: found.error_type.map(cut),
        message: Some(cut(found.message)).filter(|message| !message.is_empty()),
    }
}

/// At most the first [`MAX_TEXT_BYTES`] of `text`.
pub(super) fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
    text
}
