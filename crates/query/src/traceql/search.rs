//! Searches for traces.

use std::collections::BTreeMap;
use std::time::Duration;

use coral_engine::{Budget, EngineError};
use coral_trace::{SpanId, TraceId, UnixNanos};
use coral_traceql::Static;

use crate::ask::{QueryError, Sources};

/// A search for traces by a query of TraceQL.
#[derive(Clone, PartialEq, Debug)]
pub struct SearchQuestion {
    /// The query. A query of metrics is refused.
    pub q: String,
    /// Traces that started at this time or later; all if `None`.
    pub since: Option<UnixNanos>,
    /// Traces that started before this time; all if `None`.
    pub until: Option<UnixNanos>,
    /// The largest number of traces: the newest are found.
    pub limit: u32,
    /// The largest number of spans in each span set; 0 for no limit.
    pub spans_per_set: u32,
}

/// The answer to [`SearchQuestion`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SearchAnswer {
    /// The traces, latest start first.
    pub traces: Vec<FoundTrace>,
    /// The number of traces whose spans were evaluated.
    pub inspected_traces: u64,
    /// The number of bytes that were read.
    pub inspected_bytes: u64,
}

/// A trace that matches.
#[derive(Clone, PartialEq, Debug)]
pub struct FoundTrace {
    /// The trace's id.
    pub trace_id: TraceId,
    /// The service of the root; `None` if no root was received.
    pub root_service: Option<String>,
    /// The name of the root; if no root was received, the name of the earliest span.
    pub root_name: String,
    /// Start of the earliest span.
    pub start: UnixNanos,
    /// Time from `start` to the end of the last span.
    pub duration: Duration,
    /// The span sets that match, at least one. `by()` makes several.
    pub span_sets: Vec<SpanSet>,
    /// The spans of each service.
    pub service_stats: BTreeMap<String, ServiceStats>,
}

/// Spans of a trace that match together.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SpanSet {
    /// The first [`SearchQuestion::spans_per_set`] of the spans.
    pub spans: Vec<FoundSpan>,
    /// The number of spans that match.
    pub matched: u32,
    /// The values of the set: of its group (`by(name)`) and of aggregates (`count()`).
    pub attributes: Vec<(String, Static)>,
}

/// A span that matches.
#[derive(Clone, PartialEq, Debug)]
pub struct FoundSpan {
    /// The span's id.
    pub span_id: SpanId,
    /// The name of the span, if the query mentions it.
    pub name: Option<String>,
    /// When the span started.
    pub start: UnixNanos,
    /// How long the span took.
    pub duration: Duration,
    /// The attributes that the query mentions, or that `select()` asks for, with their keys without
    /// scope: `http.status_code`, `status`.
    pub attributes: Vec<(String, Static)>,
}

/// The spans of one service in a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ServiceStats {
    /// The number of spans.
    pub spans: u32,
    /// The number of spans with an error status.
    pub errors: u32,
}

impl SearchQuestion {
    /// Finds the traces. Blocks the calling thread.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] of `q`, whose reason has the place of the mistake;
    /// [`QueryError::OverBudget`] and the errors of the engine.
    pub fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<SearchAnswer, QueryError> {
        let _ = (from, budget);
        Err(EngineError::Unsupported { feature: "TraceQL" }.into())
    }
}
