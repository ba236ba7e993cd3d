//! The typical traces of an operation, with which a slow trace is compared. They depend on the
//! question (service, source, time range, minimum duration) but not on the traces of the list, so
//! that every list gives the same trace the same root cause.

use std::time::Duration;

use coral_engine::{Columns, EngineError, TraceQuery, TraceSummary};
use coral_trace::explain::Typical;
use coral_trace::{Span, TimeRange, TraceId};

use super::question::TracesQuestion;
use crate::reader::Reader;
use crate::sample::spread;
use crate::source::Source;

/// The number of traces in the sample, in which the traces of each operation are looked up. The
/// sample has the newest traces of each interval of the question's time range.
const SAMPLE: u32 = 2_000;
/// The largest number of traces that are searched for a rare operation.
const MAX_FOUND: u32 = 240;
/// The largest number of traces that one operation is described by.
const MAX_TRACES: usize = 60;
/// Traces beyond the first [`ENOUGH_TRACES`] are read only as long as all traces together have at
/// most this many spans.
const ENOUGH_SPANS: u64 = 2_000;
/// The number of traces that are read even if they are long, within [`MAX_SPANS`].
const ENOUGH_TRACES: usize = 2 * Typical::MIN_TRACES;
/// The largest number of spans that are read for one operation.
const MAX_SPANS: u64 = 20_000;
/// How far before the question's time range the typical traces may start.
const LOOKBACK: Duration = Duration::from_secs(3_600);
/// How far before the newest trace the sample may reach: longer than the default retention.
const MAX_AGE: Duration = Duration::from_secs(8 * 86_400);

/// Traces from a question's time range and from [`LOOKBACK`] before it.
pub(super) struct Sample {
    found: Vec<TraceSummary>,
    /// Whether more traces match than the sample has.
    cut: bool,
}

impl Sample {
    /// Whether the sample has too few traces of `operation`, and the store may have more.
    pub(super) fn is_thin(&self, operation: (&str, &str)) -> bool {
        self.cut && self.traces_of(operation).count() < ENOUGH_TRACES
    }

    fn traces_of(&self, operation: (&str, &str)) -> impl Iterator<Item = &TraceSummary> {
        self.found.iter().filter(move |summary| begins_with(summary, operation))
    }
}

impl Reader<'_> {
    /// Samples the traces that have a span of the question's service. Other filters of the question
    /// are ignored.
    pub(super) fn sample(&self, question: &TracesQuestion) -> Result<Sample, EngineError> {
        let services: Vec<String> = question.service.iter().cloned().collect();
        let search = |started, limit| {
            self.search(&TraceQuery {
                started,
                services: services.clone(),
                collector: question.source.collector(),
                ..TraceQuery::newest(limit)
            })
        };
        let all = started(question);
        let found = search(all, SAMPLE)?;
        let last = found.first().map(|summary| summary.start);
        let Some(last) = last.filter(|_| found.len() == SAMPLE as usize) else {
            return Ok(Sample { found, cut: false });
        };
        let start = all.start.max(last.earlier(MAX_AGE));
        let range = TimeRange { start, end: last.later(Duration::from_micros(1)) };
        let of_intervals = spread(range, SAMPLE, search)?.concat();
        // If nearly all traces started in a few short bursts, most intervals are empty, and the
        // newest traces are as representative.
        let found = if of_intervals.len() < SAMPLE as usize / 2 { found } else { of_intervals };
        Ok(Sample { found, cut: true })
    }

    /// The traces whose root is `operation`: those in `sample`, or the newest stored ones when there
    /// is no sample.
    pub(super) fn traces_of(
        &self,
        operation: (&str, &str),
        sample: Option<&Sample>,
        question: &TracesQuestion,
    ) -> Result<Vec<TraceSummary>, EngineError> {
        match sample {
            Some(sample) => Ok(sample.traces_of(operation).cloned().collect()),
            None => self.newest(operation, question),
        }
    }

    /// What is typical for the operation whose traces are `found`.
    pub(super) fn typical(
        &self,
        found: Vec<TraceSummary>,
        question: &TracesQuestion,
    ) -> Result<Typical, EngineError> {
        let chosen = affordable(evenly(healthy(found, question.min_duration_us)));
        let ids: Vec<TraceId> = chosen.iter().map(|summary| summary.trace_id).collect();
        let spans = self.spans_of_source(&ids, question.source)?;
        Ok(Typical::from_traces(spans.chunk_by(|one, next| one.trace_id == next.trace_id)))
    }

    fn newest(
        &self,
        operation: (&str, &str),
        question: &TracesQuestion,
    ) -> Result<Vec<TraceSummary>, EngineError> {
        let mut found = self.search(&TraceQuery {
            started: started(question),
            services: vec![operation.0.to_owned()],
            name: Some(operation.1.to_owned()),
            collector: question.source.collector(),
            ..TraceQuery::newest(MAX_FOUND)
        })?;
        found.retain(|summary| begins_with(summary, operation));
        Ok(found)
    }

    pub(super) fn spans_of_source(
        &self,
        ids: &[TraceId],
        source: Source,
    ) -> Result<Vec<Span>, EngineError> {
        // The status message may be the only sign of a timeout.
        let columns = Columns::ATTRIBUTES | Columns::DETAILS;
        self.spans(ids, source.collector(), columns, MAX_SPANS as u32)
    }
}

fn started(question: &TracesQuestion) -> TimeRange {
    let range = question.started();
    TimeRange { start: range.start.earlier(LOOKBACK), end: range.end }
}

fn begins_with(summary: &TraceSummary, (service, name): (&str, &str)) -> bool {
    summary.root_service.as_deref() == Some(service) && summary.root_name == name
}

/// Keeps traces without a failure that are shorter than `slow_us`. If these are fewer than
/// [`Typical::MIN_TRACES`], keeps all traces without a failure; if those are too few as well, keeps
/// all traces.
fn healthy(mut found: Vec<TraceSummary>, slow_us: Option<i64>) -> Vec<TraceSummary> {
    let succeeded = |summary: &TraceSummary| summary.errors == 0;
    let is_fast = |summary: &TraceSummary| slow_us.is_none_or(|least| summary.duration_us < least);
    let kinds: [&dyn Fn(&TraceSummary) -> bool; 2] =
        [&|summary| succeeded(summary) && is_fast(summary), &succeeded];
    let enough = |fits: &&&dyn Fn(&TraceSummary) -> bool| {
        found.iter().filter(|summary| fits(summary)).count() >= Typical::MIN_TRACES
    };
    if let Some(fits) = kinds.iter().find(enough) {
        found.retain(|summary| fits(summary));
    }
    found
}

/// Keeps at most [`MAX_TRACES`] traces, evenly spaced over the list.
fn evenly(found: Vec<TraceSummary>) -> Vec<TraceSummary> {
    let all = found.len();
    let kept = all.min(MAX_TRACES);
    let is_kept = |at: usize| at * kept / all != (at + 1) * kept / all;
    (0..).zip(found).filter(|(at, _)| is_kept(*at)).map(|(_, summary)| summary).collect()
}

/// Keeps traces as long as [`ENOUGH_TRACES`], [`ENOUGH_SPANS`] and [`MAX_SPANS`] allow. Traces are
/// chosen in the order of their ids, which are random.
fn affordable(mut found: Vec<TraceSummary>) -> Vec<TraceSummary> {
    // A trace id of 64 bits has random bytes in its lower half only. Swapping the bytes makes the
    // random ones the first that are compared.
    found.sort_unstable_by_key(|summary| summary.trace_id.as_u128().swap_bytes());
    let (mut traces, mut spans) = (0, 0);
    found.retain(|summary| {
        traces += 1;
        spans += summary.spans;
        spans <= ENOUGH_SPANS || (traces <= ENOUGH_TRACES && spans <= MAX_SPANS)
    });
    found
}
