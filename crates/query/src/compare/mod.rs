//! Two traces, or two sets of traces, beside each other.

pub(crate) mod answer;
pub(crate) mod question;
#[cfg(test)]
mod tests;

use coral_engine::{Budget, TraceQuery, TraceSummary};
use coral_trace::comparison::{self, Difference, Row, Times};
use coral_trace::{Span, TimeRange, TraceId, TraceIdPrefix, UnixNanos};

use self::answer::{ComparedKind, ComparedSide, NotAligned};
use crate::ask::{Ask, QueryError, Sources};
use crate::cohort::{MAX_SPANS, by_trace, compared_columns, evenly, range};
use crate::coverage::TracesOf;
use crate::reader::Reader;
use crate::sample::{OVERSIZED_IN_COHORT, fitting};
use crate::traces::{TracesQuestion, query_of};
use crate::why::{retain_healthy, root};

pub use self::question::CompareQuestion;

/// What stands before a search.
const SEARCH: &str = "q:";
/// The smallest number of digits of a trace id.
const MIN_DIGITS: usize = 4;
/// The largest number of traces on one side.
const MAX_TRACES: u32 = 200;
/// How long before traces others are compared with them, and the window of a search without times:
/// an hour, in microseconds.
const HOUR_US: i64 = 3_600_000_000;
/// With fewer healthy traces before a trace, those of the hour after it count too.
const ENOUGH_HEALTHY: usize = 10;
/// The number of ids that a side names.
const MAX_EXAMPLES: usize = 5;

/// One side of a comparison, as it was read.
struct Side {
    traces: Vec<Vec<Span>>,
    /// The time in which the traces started.
    started: TimeRange,
    answer: ComparedSide,
}

impl Ask for CompareQuestion {
    const PATH: &'static str = "/api/v1/compare";
    const NAME: &'static str = "compare";
    const SUMMARY: &'static str =
        "How two traces, or two sets of traces, differ: times by operation, and attributes.";
    const PERMISSION: &'static str = "why.read";
    type Answer = answer::Comparison;

    fn rows(answer: &Self::Answer) -> usize {
        answer.rows.len()
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        Reader::new(from, budget).compare(self)
    }
}

impl Reader<'_> {
    /// Compares the sides of `question`.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] names the parameter that is not valid; [`QueryError::Ambiguous`];
    /// [`QueryError::Unavailable`].
    fn compare(&self, question: &CompareQuestion) -> Result<answer::Comparison, QueryError> {
        let one = self.side("a", &question.a, question)?;
        let other = match &question.b {
            Some(text) => self.side("b", text, question)?,
            None => self.healthy(&one, question)?,
        };
        self.budget.check().map_err(QueryError::OverBudget)?;
        let found = comparison::Comparison::of(&one.traces, &other.traces);
        let range = TimeRange {
            start: one.started.start.min(other.started.start),
            end: one.started.end.max(other.started.end).min(self.from.now),
        };
        let coverage = match range.start < range.end {
            true => self.missing_in(TracesOf { range, traces: &[] })?,
            false => Vec::new(),
        };
        let not_aligned = match (one.traces.is_empty(), other.traces.is_empty()) {
            (true, _) => Some(NotAligned::NoTracesInA),
            (_, true) => Some(NotAligned::NoTracesInB),
            _ => (!found.aligned).then_some(NotAligned::DifferentOperations),
        };
        let [a, b] = [one, other].map(|side| (side.answer, side.traces));
        let [in_a, in_b] = found.sides;
        Ok(answer::Comparison {
            a: side_answer(a, in_a),
            b: side_answer(b, in_b),
            aligned: not_aligned.is_none(),
            not_aligned,
            delta_us: found.delta_nanos / 1_000,
            rows: found.rows.into_iter().map(row).collect(),
            rows_left_out: found.rows_left_out as u64,
            attributes: found.differences.into_iter().map(attribute).collect(),
            coverage,
        })
    }

    /// The side that `text`, the value of the parameter `field`, names.
    fn side(
        &self,
        field: &'static str,
        text: &str,
        question: &CompareQuestion,
    ) -> Result<Side, QueryError> {
        match text.strip_prefix(SEARCH) {
            Some(q) => self.search_side(field, q, question),
            None => self.one_trace(field, text, question),
        }
    }

    fn one_trace(
        &self,
        field: &'static str,
        digits: &str,
        question: &CompareQuestion,
    ) -> Result<Side, QueryError> {
        let prefix: TraceIdPrefix = digits.parse().map_err(|reason| {
            QueryError::invalid(
                field,
                &format!("`{digits}` is neither a trace id ({reason}) nor a search after `q:`"),
            )
        })?;
        if digits.len() < MIN_DIGITS {
            let reason = format!("`{digits}` is too short: a trace id needs {MIN_DIGITS} digits");
            return Err(QueryError::invalid(field, &reason));
        }
        let limit = MAX_SPANS as u32;
        let spans = match self.resolve(prefix)? {
            Some(id) => {
                let collector = question.source.collector();
                self.spans(&[id], collector, compared_columns(), limit)?
            }
            None => Vec::new(),
        };
        let Some(first) = spans.first() else {
            return Err(QueryError::invalid(field, &format!("no trace `{digits}` is stored")));
        };
        let start = spans.iter().map(|span| span.start).min().unwrap_or_default();
        let answer = ComparedSide {
            trace_id: Some(first.trace_id.to_string()),
            cut: spans.len() >= limit as usize,
            ..ComparedSide::default()
        };
        let started = TimeRange { start, end: UnixNanos(start.0.saturating_add(1_000)) };
        Ok(Side { traces: vec![spans], started, answer })
    }

    fn search_side(
        &self,
        field: &'static str,
        q: &str,
        question: &CompareQuestion,
    ) -> Result<Side, QueryError> {
        let now = self.from.now.as_micros();
        let until = question.until_unix_us.unwrap_or_else(|| now.saturating_add(1));
        let since = question.since_unix_us.unwrap_or_else(|| until.saturating_sub(HOUR_US));
        let search = TracesQuestion {
            q: q.to_owned(),
            since_unix_us: Some(since),
            until_unix_us: Some(until),
            source: question.source,
            ..TracesQuestion::default()
        };
        let query = query_of(&search, MAX_TRACES + 1).map_err(|error| match error {
            QueryError::Invalid { field: "q", reason } => QueryError::Invalid { field, reason },
            error => error,
        })?;
        let mut found = self.search(&query)?;
        let is_cut = found.len() > MAX_TRACES as usize;
        found.truncate(MAX_TRACES as usize);
        let (traces, cut) = self.compared_traces(found, is_cut, question)?;
        let kind = ComparedKind::Traces;
        let answer = ComparedSide { kind, q: Some(q.to_owned()), cut, ..ComparedSide::default() };
        Ok(Side { traces, started: range(since, until), answer })
    }

    /// Healthy traces of the operation of `side`, from the hour before it. If these are few, those of
    /// the time of `side` and, for one trace, of the hour after it count too.
    fn healthy(&self, side: &Side, question: &CompareQuestion) -> Result<Side, QueryError> {
        let (since, until) = (side.started.start.as_micros(), side.started.end.as_micros());
        let before = range(since.saturating_sub(HOUR_US), since);
        let after = match side.answer.kind {
            ComparedKind::Trace => until.saturating_add(HOUR_US),
            ComparedKind::Traces => until,
        };
        let around = range(since.saturating_sub(HOUR_US), after);
        let kind = ComparedKind::Traces;
        let answer = ComparedSide { kind, healthy: true, ..ComparedSide::default() };
        let mut healthy = Side { traces: Vec::new(), started: before, answer };
        let Some(root) = most_common_root(&side.traces) else { return Ok(healthy) };
        let own: Vec<TraceId> =
            side.traces.iter().filter_map(|trace| Some(trace.first()?.trace_id)).collect();
        for started in [before, around] {
            if healthy.traces.len() >= ENOUGH_HEALTHY {
                break;
            }
            // Spread over the time: during a fault, the newest traces are the least healthy ones.
            let query = |(started, limit): &(TimeRange, u32)| TraceQuery {
                started: *started,
                services: vec![root.origin.service_name().to_owned()],
                name: Some(root.name.clone()),
                collector: question.source.collector(),
                ..TraceQuery::newest(*limit)
            };
            let (found, cut) = evenly(started, MAX_TRACES, |intervals| {
                self.search_each(&intervals.iter().map(query).collect::<Vec<_>>())
            })?;
            let (mut traces, cut) = self.compared_traces(found, cut, question)?;
            traces.retain(|trace| trace.first().is_some_and(|of| !own.contains(&of.trace_id)));
            retain_healthy(&mut traces);
            (healthy.traces, healthy.started, healthy.answer.cut) = (traces, started, cut);
        }
        Ok(healthy)
    }

    /// The spans of the traces that were found, at most [`MAX_SPANS`], and whether the side lacks any
    /// trace: `is_cut`, or more spans.
    fn compared_traces(
        &self,
        found: Vec<TraceSummary>,
        is_cut: bool,
        question: &CompareQuestion,
    ) -> Result<(Vec<Vec<Span>>, bool), QueryError> {
        let sample = fitting(found, MAX_SPANS, OVERSIZED_IN_COHORT);
        let is_cut = is_cut || sample.is_cut();
        let kept = match sample.traces.is_empty() {
            // A single trace that exceeds the limit is better than none.
            true => sample.oversized.into_iter().take(1).collect(),
            false => sample.traces,
        };
        let ids: Vec<TraceId> = kept.iter().map(|summary| summary.trace_id).collect();
        let limit = MAX_SPANS as u32;
        let collector = question.source.collector();
        let stored = self.stored_spans(&ids, collector, compared_columns(), limit)?;
        let traces = by_trace(stored).into_iter();
        let spans = |trace: Vec<_>| {
            trace.into_iter().map(|stored: coral_engine::StoredSpan| stored.span).collect()
        };
        Ok((traces.map(spans).collect(), is_cut))
    }
}

/// A topmost span of the operation that most of the traces have.
fn most_common_root(traces: &[Vec<Span>]) -> Option<&Span> {
    let operation = |span: &Span| (span.origin.service_name().to_owned(), span.name.clone());
    let mut roots: Vec<&Span> = traces.iter().filter_map(|trace| root(trace)).collect();
    roots.sort_by_cached_key(|span| operation(span));
    let groups = roots.chunk_by(|one, next| operation(one) == operation(next));
    groups.rev().max_by_key(|group| group.len()).and_then(|group| group.first().copied())
}

fn side_answer(
    (side, traces): (ComparedSide, Vec<Vec<Span>>),
    found: comparison::Side,
) -> ComparedSide {
    let ids = traces.iter().filter_map(|trace| trace.first()).take(MAX_EXAMPLES);
    let (service, operation) = found.operation.unzip();
    ComparedSide {
        traces: traces.len() as u64,
        service,
        operation,
        duration_p50_us: found.p50.as_micros() as i64,
        duration_p95_us: found.p95.as_micros() as i64,
        example_trace_ids: ids.map(|span| span.trace_id.to_string()).collect(),
        ..side
    }
}

fn row(row: Row) -> answer::ComparedRow {
    let [a, b] = row.sides.map(|side| side.map(|side| times(&side)));
    answer::ComparedRow {
        depth: row.depth as u64,
        service: row.service,
        name: row.name,
        kind: row.kind.as_str().to_owned(),
        a,
        b,
        delta_us: row.delta_nanos.map(|nanos| nanos / 1_000),
        share: row.share,
    }
}

fn times(times: &Times) -> answer::ComparedTimes {
    answer::ComparedTimes {
        traces: times.traces as u64,
        calls: times.calls,
        p50_us: times.p50.as_micros() as i64,
        p95_us: times.p95.as_micros() as i64,
        self_p50_us: times.self_p50.as_micros() as i64,
        errors: times.errors as u64,
        example: crate::why::evidence(&times.example),
    }
}

fn attribute(found: Difference) -> answer::ComparedAttribute {
    let [a, b] = found.traces.map(|count| count as u64);
    let [a_of, b_of] = found.of.map(|count| count as u64);
    answer::ComparedAttribute {
        service: found.service,
        key: found.key,
        value: found.value,
        a,
        a_of,
        b,
        b_of,
    }
}
