//! Metrics of spans over time.

mod columnar;
mod compare;
mod exemplars;
mod labels;
mod quantile;
mod spans;
mod stages;
mod steps;
mod table;

use std::time::Duration;

use coral_engine::Budget;
use coral_trace::{SpanId, TraceId, UnixNanos};
use coral_traceql::{Metrics, MetricsFunction, MetricsSource, Root, Stage, Static};

use self::steps::Steps;
use self::table::Table;
use super::search::parsed;
use crate::ask::{QueryError, Sources};

/// A query of metrics in TraceQL.
#[derive(Clone, PartialEq, Debug)]
pub struct MetricsQuestion {
    /// The query. A search is refused.
    pub q: String,
    /// The start of the time range.
    pub since: UnixNanos,
    /// The end of the time range, not inside.
    pub until: UnixNanos,
    /// The time between two samples, at least a nanosecond. [`instant`](Self::instant) does not use it.
    pub step: Duration,
    /// The largest number of exemplars of each answer.
    pub exemplars: u32,
}

/// The answer to [`MetricsQuestion`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct MetricsAnswer {
    /// The series, sorted by their labels, or by their rank after `topk` and `bottomk`.
    pub series: Vec<Series>,
    /// The number of spans that were evaluated.
    pub inspected_spans: u64,
    /// The number of bytes that were read.
    pub inspected_bytes: u64,
}

/// Samples with the same labels.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Series {
    /// Names and values, with their types: `resource.service.name`, `__name__`, `p`, `__bucket`,
    /// `__meta_type`.
    pub labels: Vec<(String, Static)>,
    /// The samples, earliest first. A time without a value has no sample.
    pub samples: Vec<Sample>,
    /// Some of the spans.
    pub exemplars: Vec<Exemplar>,
}

/// A value at a time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sample {
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The value; durations are in seconds.
    pub value: f64,
}

/// A span as an example of its series.
#[derive(Clone, PartialEq, Debug)]
pub struct Exemplar {
    /// The trace of the span.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// The labels: those of the series, and `trace:id`.
    pub labels: Vec<(String, Static)>,
    /// When the span started, in milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The value of the span; NaN if the query only counts.
    pub value: f64,
}

/// The largest number of steps in an answer, as in Prometheus.
pub const MAX_STEPS: u64 = 11_000;

impl MetricsQuestion {
    /// The series with one sample a step. Blocks the calling thread.
    ///
    /// Steps begin at multiples of the step. A step without spans has the sample 0 if spans are
    /// counted, and else no sample.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] of `q` or `step`; [`QueryError::OverBudget`] and the errors of the engine.
    pub fn range(&self, from: &Sources<'_>, budget: &Budget) -> Result<MetricsAnswer, QueryError> {
        let steps = Steps::aligned(self.since, self.until, self.step)?;
        self.answer(steps, from, budget)
    }

    /// The series with one sample over the whole time range, at its end.
    ///
    /// # Errors
    /// As [`range`](Self::range).
    pub fn instant(
        &self,
        from: &Sources<'_>,
        budget: &Budget,
    ) -> Result<MetricsAnswer, QueryError> {
        self.answer(Steps::whole(self.since, self.until)?, from, budget)
    }

    fn answer(
        &self,
        steps: Steps,
        from: &Sources<'_>,
        budget: &Budget,
    ) -> Result<MetricsAnswer, QueryError> {
        let query = parsed(&self.q)?;
        let Root::Metrics(metrics) = &query.root else {
            let reason = "not a metrics query: it asks for traces";
            return Err(QueryError::invalid("q", reason));
        };
        let before = budget.bytes();
        let run = Run { from, budget, steps };
        let mut answer = MetricsAnswer::default();
        let mut found = run.series(metrics, &mut answer.inspected_spans)?;
        if !is_ranked(metrics) {
            found.sort_by_cached_key(|series| labels::prometheus(&series.labels));
        }
        answer.series = found.into_iter().map(|series| steps.samples(series)).collect();
        let exemplars = hinted_exemplars(query.hints.as_deref()).unwrap_or(self.exemplars);
        if exemplars > 0 {
            exemplars::add(&run, metrics, exemplars.min(self.exemplars), &mut answer.series)?;
        }
        answer.inspected_bytes = budget.bytes().saturating_sub(before);
        Ok(answer)
    }
}

/// The largest number of exemplars that the hints of a query ask for; `None` if they say nothing.
fn hinted_exemplars(hints: Option<&[(String, Static)]>) -> Option<u32> {
    let (_, value) = hints?.iter().find(|(name, _)| name == "exemplars")?;
    match value {
        Static::Bool(wanted) => Some(if *wanted { u32::MAX } else { 0 }),
        Static::Int(number) => Some(u32::try_from(*number).unwrap_or_default()),
        _ => None,
    }
}

/// Whether the order of the series is a rank.
fn is_ranked(metrics: &Metrics) -> bool {
    metrics.stages.iter().any(|stage| matches!(stage, Stage::Top(_) | Stage::Bottom(_)))
}

/// What one question shares in all its parts.
struct Run<'a> {
    from: &'a Sources<'a>,
    budget: &'a Budget,
    steps: Steps,
}

impl Run<'_> {
    /// The series of a query or of a part of one, after its stages.
    fn series(&self, metrics: &Metrics, spans: &mut u64) -> Result<Vec<Raw>, QueryError> {
        let found = match &metrics.source {
            MetricsSource::Math { op, left, right } => {
                let left = self.series(left, spans)?;
                let right = self.series(right, spans)?;
                stages::arithmetic(*op, left, &right)
            }
            MetricsSource::Leaf { pipeline, function } => match function {
                MetricsFunction::Aggregate { op, of, quantiles, by } => {
                    let mut table = Table::new(self.steps, *op, of.clone(), by.clone());
                    if !columnar::observe(self, pipeline, &mut table, spans)? {
                        spans::observe(self, pipeline, &mut table, spans)?;
                    }
                    table.series(quantiles)
                }
                MetricsFunction::Compare { filter, top, start, end } => {
                    let selected = compare::Selection { filter, start: *start, end: *end };
                    compare::series(self, pipeline, &selected, *top as usize, spans)?
                }
            },
        };
        Ok(metrics.stages.iter().fold(found, |series, stage| stages::apply(*stage, series)))
    }
}

/// A series before it is told: one value a step, NaN for none.
#[derive(Clone, Debug)]
struct Raw {
    labels: Vec<(String, Static)>,
    values: Vec<f64>,
}

impl Series {
    /// The labels as Prometheus writes them: `{"resource.service.name"="a"}`.
    pub fn prom_labels(&self) -> String {
        labels::prometheus(&self.labels)
    }
}
