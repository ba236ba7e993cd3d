//! What traces of an operation usually are, as far as the store knows. That depends on the question's time and on
//! what it calls slow, and not on which traces it lists: the same trace is explained alike in every list.

use std::time::Duration;

use coral_engine::{Columns, EngineError, TraceQuery, TraceSummary};
use coral_trace::explain::Typical;
use coral_trace::{Span, TimeRange, TraceId};

use super::question::TracesQuestion;
use crate::cohort::parts;
use crate::reader::Reader;
use crate::source::Source;

/// Traces of the question's time that operations are looked up among: the newest of each part of it.
const SAMPLE: u32 = 2_000;
const PARTS: u32 = 20;
/// Traces with a span of a rare operation that are looked at.
const MAX_FOUND: u32 = 240;
/// Traces of one operation that say what is usual.
const MAX: usize = 60;
/// Of long traces fewer do: this many spans together say enough, if there are this many traces.
const ENOUGH_SPANS: u64 = 2_000;
const ENOUGH_TRACES: usize = 2 * Typical::MIN_TRACES;
/// Spans of one operation that are read, whatever that leaves.
const MAX_SPANS: u64 = 20_000;
/// How long before the time that is asked about what is usual may lie.
const BEFORE: Duration = Duration::from_secs(3_600);
/// How long before the newest trace it may: more is not kept.
const MAX_AGE: Duration = Duration::from_secs(8 * 86_400);

/// Traces from the time that a question is about, and from before it.
pub(super) struct Sample {
    found: Vec<TraceSummary>,
    /// There are others.
    cut: bool,
}

impl Sample {
    /// Whether there may be many more traces that begin with `operation` than it has.
    pub(super) fn is_thin(&self, operation: (&str, &str)) -> bool {
        self.cut && self.of(operation).count() < ENOUGH_TRACES
    }

    fn of(&self, operation: (&str, &str)) -> impl Iterator<Item = &TraceSummary> {
        self.found.iter().filter(move |summary| begins_with(summary, operation))
    }
}

impl Reader<'_> {
    /// The traces with a span of the asked service, whatever is asked of them beside that.
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
        let spread = TimeRange { start, end: last.later(Duration::from_micros(1)) };
        let mut of_parts = Vec::new();
        for part in parts(spread, PARTS) {
            of_parts.append(&mut search(part, SAMPLE / PARTS)?);
        }
        // Nearly all of them in a few moments: then the newest are as good.
        let found = if of_parts.len() < SAMPLE as usize / 2 { found } else { of_parts };
        Ok(Sample { found, cut: true })
    }

    /// What traces that begin with `operation` usually are: those of the `sample`, or the newest there are.
    pub(super) fn typical(
        &self,
        operation: (&str, &str),
        sample: Option<&Sample>,
        question: &TracesQuestion,
    ) -> Result<Typical, EngineError> {
        let found = match sample {
            Some(sample) => sample.of(operation).cloned().collect(),
            None => self.newest(operation, question)?,
        };
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
        // A timeout is told by the status message, if by nothing else.
        let columns = Columns::ATTRIBUTES | Columns::DETAILS;
        self.spans(ids, source.collector(), columns, MAX_SPANS as u32)
    }
}

fn started(question: &TracesQuestion) -> TimeRange {
    let asked = question.started();
    TimeRange { start: asked.start.earlier(BEFORE), end: asked.end }
}

fn begins_with(summary: &TraceSummary, (service, name): (&str, &str)) -> bool {
    summary.root_service.as_deref() == Some(service) && summary.root_name == name
}

/// Traces without a failure that are shorter than what is asked about. Operations that are always slow or always
/// fail somewhere have few of them: then all traces without a failure, or all of them.
fn healthy(mut found: Vec<TraceSummary>, slow_us: Option<i64>) -> Vec<TraceSummary> {
    let works = |summary: &TraceSummary| summary.errors == 0;
    let is_fast = |summary: &TraceSummary| slow_us.is_none_or(|least| summary.duration_us < least);
    let kinds: [&dyn Fn(&TraceSummary) -> bool; 2] =
        [&|summary| works(summary) && is_fast(summary), &works];
    let enough = |fits: &&&dyn Fn(&TraceSummary) -> bool| {
        found.iter().filter(|summary| fits(summary)).count() >= Typical::MIN_TRACES
    };
    if let Some(fits) = kinds.iter().find(enough) {
        found.retain(|summary| fits(summary));
    }
    found
}

/// At most [`MAX`], at equal distances.
fn evenly(found: Vec<TraceSummary>) -> Vec<TraceSummary> {
    let all = found.len();
    let kept = all.min(MAX);
    let is_kept = |at: usize| at * kept / all != (at + 1) * kept / all;
    (0..).zip(found).filter(|(at, _)| is_kept(*at)).map(|(_, summary)| summary).collect()
}

/// As many as may be read, chosen by their ids, which are random.
fn affordable(mut found: Vec<TraceSummary>) -> Vec<TraceSummary> {
    // Ids of 64 bits lie in the lower half.
    found.sort_unstable_by_key(|summary| summary.trace_id.as_u128().swap_bytes());
    let (mut traces, mut spans) = (0, 0);
    found.retain(|summary| {
        traces += 1;
        spans += summary.spans;
        spans <= ENOUGH_SPANS || (traces <= ENOUGH_TRACES && spans <= MAX_SPANS)
    });
    found
}
