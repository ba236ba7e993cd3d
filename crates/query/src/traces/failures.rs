//! Names the deepest failing span of each failing trace in a list, and where the root of each trace
//! ran.

use std::collections::BTreeMap;

use coral_engine::{Columns, EngineError, TraceSummary};
use coral_trace::{DeepestFailure, Span, TraceId};

use super::answer::TraceFailure;
use super::instance::Instance;
use crate::reader::Reader;
use crate::source::Source;

/// The largest number of spans that are read for one list. Further failing traces of the list have
/// no deepest failing span.
const MAX_SPANS: u64 = 100_000;
/// Traces with more spans than this are not read.
const MAX_SPANS_PER_TRACE: u64 = 10_000;
/// The largest number of bytes of one text of a failure; a longer text is cut.
const MAX_TEXT_BYTES: usize = 500;

/// What the spans of a listed trace say beyond its summary.
#[derive(Default)]
pub(super) struct TraceFacts {
    /// Where the root span ran; where the earliest span ran if no root was received.
    pub root: Instance,
    /// The deepest failing span.
    pub failure: Option<TraceFailure>,
}

impl Reader<'_> {
    /// The facts of the `listed` traces, first of those that fail, in as many traces as the limits
    /// allow, in the order of the list.
    pub(super) fn facts(
        &self,
        listed: &[TraceSummary],
        source: Source,
    ) -> Result<BTreeMap<TraceId, TraceFacts>, EngineError> {
        let mut left = MAX_SPANS;
        let mut facts = BTreeMap::new();
        for fails in [true, false] {
            let chosen = listed
                .iter()
                .filter(|trace| (trace.errors > 0) == fails && trace.spans <= MAX_SPANS_PER_TRACE);
            let read = chosen.map_while(|trace| {
                left = left.checked_sub(trace.spans)?;
                Some(trace.trace_id)
            });
            let ids: Vec<TraceId> = read.collect();
            let details = Columns::ATTRIBUTES | Columns::DETAILS | Columns::ORIGIN;
            let columns = if fails { details } else { Columns::ORIGIN };
            self.whole_traces(&ids, source, columns, MAX_SPANS as u32, |spans| {
                let failure = if fails { failure_of(spans) } else { None };
                facts.insert(
                    spans[0].trace_id,
                    TraceFacts { root: Instance::of_root(spans), failure },
                );
            })?;
        }
        Ok(facts)
    }

    /// The deepest failing spans of `traces`, of which at most `max_spans` spans are read.
    pub(crate) fn failures_in(
        &self,
        traces: &[TraceId],
        source: Source,
        max_spans: u32,
    ) -> Result<BTreeMap<TraceId, TraceFailure>, EngineError> {
        let columns = Columns::ATTRIBUTES | Columns::DETAILS | Columns::ORIGIN;
        let mut found = BTreeMap::new();
        self.whole_traces(traces, source, columns, max_spans, |spans| {
            found.extend(failure_of(spans).map(|failure| (spans[0].trace_id, failure)));
        })?;
        Ok(found)
    }

    /// Calls `visit` with the spans of each of `traces`, at least one. At most `max_spans` spans are
    /// read, and a trace that this limit may have cut is left out.
    fn whole_traces(
        &self,
        traces: &[TraceId],
        source: Source,
        columns: Columns,
        max_spans: u32,
        visit: impl FnMut(&[Span]),
    ) -> Result<(), EngineError> {
        if traces.is_empty() {
            return Ok(());
        }
        let spans = self.spans(traces, source.collector(), columns, max_spans)?;
        let mut read: Vec<&[Span]> =
            spans.chunk_by(|one, next| one.trace_id == next.trace_id).collect();
        if spans.len() >= max_spans as usize {
            read.pop();
        }
        read.into_iter().for_each(visit);
        Ok(())
    }
}

pub(crate) fn failure_of(spans: &[Span]) -> Option<TraceFailure> {
    let found = DeepestFailure::of_trace(spans)?;
    let span = spans.iter().find(|span| span.span_id == found.span_id);
    let instance = span.map(Instance::of).unwrap_or_default();
    let exception = span.and_then(Span::exception);
    let cut_text = |text: Option<&str>| text.map(|text| cut(text.to_owned()));
    Some(TraceFailure {
        exception_type: cut_text(exception.and_then(|one| one.kind)),
        exception_message: cut_text(exception.and_then(|one| one.message)),
        host: instance.host,
        version: instance.version,
        pod: instance.pod,
        ..failure(found)
    })
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
        exception_type: None,
        exception_message: None,
        host: None,
        version: None,
        pod: None,
    }
}

/// At most the first [`MAX_TEXT_BYTES`] of `text`.
pub(crate) fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
    text
}
