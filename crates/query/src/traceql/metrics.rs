//! Metrics of spans over time.

use std::time::Duration;

use coral_engine::{Budget, EngineError};
use coral_trace::{SpanId, TraceId, UnixNanos};
use coral_traceql::Static;

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

impl MetricsQuestion {
    /// The series with one sample a step. Blocks the calling thread.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] of `q` or `step`; [`QueryError::OverBudget`] and the errors of the engine.
    pub fn range(&self, from: &Sources<'_>, budget: &Budget) -> Result<MetricsAnswer, QueryError> {
        let _ = (from, budget);
        Err(EngineError::Unsupported { feature: "TraceQL" }.into())
    }

    /// The series with one sample over the whole time range.
    ///
    /// # Errors
    /// As [`range`](Self::range).
    pub fn instant(
        &self,
        from: &Sources<'_>,
        budget: &Budget,
    ) -> Result<MetricsAnswer, QueryError> {
        let _ = (from, budget);
        Err(EngineError::Unsupported { feature: "TraceQL" }.into())
    }
}

impl Series {
    /// The labels as Prometheus writes them: `{resource_service_name="a"}`. Empty labels are `{}`.
    pub fn prom_labels(&self) -> String {
        String::from("{}")
    }
}
