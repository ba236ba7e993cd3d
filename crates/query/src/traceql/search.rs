//! Searches for traces.

use std::collections::BTreeMap;
use std::time::Duration;

use coral_engine::{Budget, StoredSpan, TracePosition, TraceSummary};
use coral_trace::{SpanId, TimeRange, TraceId, UnixNanos};
use coral_traceql::{
    Attribute, EvaluationError, Group, Intrinsic, Pipeline, Query, Root, Spans, Static, Trace as _,
    evaluate, parse,
};

use super::candidates::{Candidates, More, columns};
use super::necessary;
use super::sieve::Sieve;
use crate::ask::{QueryError, Sources};

/// After how many spans of the newest candidates a search reads the columns of all spans.
const MAX_NEWEST_SPANS: u64 = 20_000;

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
        self.answer_after(MAX_NEWEST_SPANS, from, budget)
    }

    /// The answer, for which the columns of all spans are read after `newest` spans were evaluated.
    pub(crate) fn answer_after(
        &self,
        newest: u64,
        from: &Sources<'_>,
        budget: &Budget,
    ) -> Result<SearchAnswer, QueryError> {
        let query = parsed(&self.q)?;
        let Root::Search(pipeline) = &query.root else {
            let reason = "the query asks for metrics, and not for traces";
            return Err(QueryError::invalid("q", reason));
        };
        let mut answer = SearchAnswer::default();
        if self.limit == 0 {
            return Ok(answer);
        }
        let before = budget.bytes();
        let shown = query.attributes();
        let mut candidates = Candidates {
            from,
            budget,
            started: TimeRange {
                start: self.since.unwrap_or(UnixNanos(0)),
                end: self.until.unwrap_or(UnixNanos::MAX),
            },
            after: None,
            min_duration_us: None,
            filter: necessary::of_pipeline(pipeline),
            columns: columns(shown.iter().copied()),
        };
        let sieve = Sieve::of(pipeline);
        let mut newest = sieve.as_ref().map_or(u64::MAX, |_| newest);
        let filter = candidates.filter.take();
        if sieve.is_none() || filter.as_ref().is_some_and(necessary::is_indexed) {
            candidates.filter.clone_from(&filter);
        }
        let mut last = None;
        candidates.each(self.limit, &mut |summary, stored| {
            if newest == 0 {
                return Ok(More::Enough);
            }
            newest = newest.saturating_sub(stored.len() as u64);
            last = Some(TracePosition::of(summary));
            self.visit(pipeline, &shown, summary, stored, &mut answer)
        })?;
        if let (Some(sieve), true) = (sieve, newest == 0 && self.is_short(&answer)) {
            candidates.after = last;
            candidates.filter = filter;
            let mut visit = |summary: &TraceSummary, stored: &[StoredSpan]| {
                self.visit(pipeline, &shown, summary, stored, &mut answer)
            };
            match sieve.search(&candidates)? {
                Some(sieved) => {
                    candidates.each_of(&sieved.found, &mut visit)?;
                    answer.inspected_traces += sieved.traces - sieved.found.len() as u64;
                }
                None => candidates.each(u32::MAX, &mut visit)?,
            }
        }
        answer.inspected_bytes = budget.bytes().saturating_sub(before);
        Ok(answer)
    }

    /// Evaluates one trace.
    fn visit(
        &self,
        pipeline: &Pipeline,
        shown: &[&Attribute],
        summary: &TraceSummary,
        stored: &[StoredSpan],
        answer: &mut SearchAnswer,
    ) -> Result<More, QueryError> {
        answer.inspected_traces += 1;
        let spans = Spans::new(stored.iter().map(|stored| &stored.span));
        let groups = evaluate(pipeline, &spans).map_err(unusable)?;
        if !groups.is_empty() {
            answer.traces.push(self.found(summary, &spans, groups, shown));
        }
        Ok(if self.is_short(answer) { More::Wanted } else { More::Enough })
    }

    fn is_short(&self, answer: &SearchAnswer) -> bool {
        answer.traces.len() < self.limit as usize
    }

    fn found(
        &self,
        summary: &TraceSummary,
        spans: &Spans<'_>,
        groups: Vec<Group>,
        shown: &[&Attribute],
    ) -> FoundTrace {
        let all = (0..spans.len()).map(|at| spans.span(at));
        let start = all.clone().map(|span| span.start).min().unwrap_or(summary.start);
        let end = all.clone().map(|span| span.end.max(span.start)).max().unwrap_or(start);
        let mut service_stats: BTreeMap<String, ServiceStats> = BTreeMap::new();
        for span in all {
            let service = span.origin.service_name();
            let stats = service_stats.entry(service.to_owned()).or_default();
            stats.spans += 1;
            stats.errors += u32::from(span.is_error());
        }
        let most = if self.spans_per_set == 0 { usize::MAX } else { self.spans_per_set as usize };
        let set = |group: Group| SpanSet {
            matched: group.spans.len() as u32,
            spans: group.spans.iter().take(most).map(|at| shown_span(spans, *at, shown)).collect(),
            attributes: group.attributes,
        };
        FoundTrace {
            trace_id: summary.trace_id,
            root_service: summary.root_service.clone(),
            root_name: summary.root_name.clone(),
            start,
            duration: end.since(start),
            span_sets: groups.into_iter().map(set).collect(),
            service_stats,
        }
    }
}

/// Parses `q`; an empty query is about all spans.
pub(super) fn parsed(q: &str) -> Result<Query, QueryError> {
    let text = if q.trim().is_empty() { "{}" } else { q };
    parse(text).map_err(|error| QueryError::invalid("q", &error.to_string()))
}

pub(super) fn unusable(error: EvaluationError) -> QueryError {
    QueryError::invalid("q", &error.to_string())
}

fn shown_span(spans: &Spans<'_>, at: usize, shown: &[&Attribute]) -> FoundSpan {
    let span = spans.span(at);
    let is_name =
        |attribute: &&Attribute| matches!(attribute, Attribute::Intrinsic(Intrinsic::Name));
    let values = shown.iter().filter_map(|attribute| {
        let value = spans.value(at, attribute);
        let key = key_of(attribute)?;
        (!value.is_nil()).then_some((key, value))
    });
    FoundSpan {
        span_id: span.span_id,
        name: shown.iter().any(is_name).then(|| span.name.clone()),
        start: span.start,
        duration: span.duration(),
        attributes: values.collect(),
    }
}

/// The key of an attribute in an answer; `None` for what an answer has elsewhere.
fn key_of(attribute: &Attribute) -> Option<String> {
    match attribute {
        Attribute::Key { key, .. } => Some(key.clone()),
        Attribute::OfParent { .. } => None,
        Attribute::Intrinsic(
            Intrinsic::Name
            | Intrinsic::Duration
            | Intrinsic::TraceDuration
            | Intrinsic::RootName
            | Intrinsic::RootServiceName
            | Intrinsic::TraceId
            | Intrinsic::SpanId
            | Intrinsic::Parent,
        ) => None,
        Attribute::Intrinsic(intrinsic) => Some(intrinsic.name()),
    }
}
