//! One data point as sent, with checks.

use coral_trace::red::{Exemplar, Exponential, Histogram};
use coral_trace::{Attributes, SpanId, TraceId, UnixNanos};

use super::{MAX_EXEMPLARS, PointRefusalReason};

/// One data point as sent, in the metric's unit.
#[derive(Default)]
pub(crate) struct RawPoint {
    pub attributes: Attributes,
    pub start: UnixNanos,
    pub time: UnixNanos,
    pub count: u64,
    pub sum: Option<f64>,
    pub buckets: Buckets,
    pub exemplars: Vec<RawExemplar>,
    /// OTLP's `NO_RECORDED_VALUE`.
    pub no_recorded_value: bool,
}

/// Explicit or exponential buckets.
pub(crate) enum Buckets {
    Explicit { bounds: Vec<f64>, counts: Vec<u64> },
    Exponential { positive: Exponential, negative: u64 },
}

/// One exemplar as sent.
pub(crate) struct RawExemplar {
    pub trace_id: Option<TraceId>,
    pub span_id: Option<SpanId>,
    pub value: f64,
    pub time: UnixNanos,
}

impl Default for Buckets {
    fn default() -> Self {
        Self::Explicit { bounds: Vec::new(), counts: Vec::new() }
    }
}

impl RawPoint {
    /// Checks the point and converts its histogram to nanoseconds, from a unit of `nanos`
    /// nanoseconds.
    pub fn histogram(&self, nanos: f64) -> Result<Histogram, PointRefusalReason> {
        check_head(self.start, self.time, self.sum)?;
        let sum = self.sum.map(|sum| sum * nanos);
        let histogram = match &self.buckets {
            Buckets::Explicit { bounds, counts } => {
                bounds.iter().try_for_each(|bound| check("a bound", *bound))?;
                let bounds: Vec<u64> =
                    bounds.iter().map(|bound| (bound * nanos).round() as u64).collect();
                // A histogram without buckets has only a count: it gets one bucket.
                let counts = if counts.is_empty() && bounds.is_empty() {
                    vec![self.count]
                } else {
                    counts.clone()
                };
                Histogram::new(bounds, counts, sum)
            }
            Buckets::Exponential { positive, negative } => {
                check("zero_threshold", positive.zero_threshold)?;
                if *negative > 0 {
                    let value = format!("negative {negative} times");
                    return Err(PointRefusalReason::Number { field: "a duration", value });
                }
                positive.histogram(nanos, sum)
            }
        };
        let histogram = histogram.map_err(PointRefusalReason::Histogram)?;
        let in_buckets = histogram.count();
        if in_buckets != self.count {
            return Err(PointRefusalReason::Count { count: self.count, in_buckets });
        }
        Ok(histogram)
    }
}

/// Checks that the time is set and not before the start, and that the sum is finite and not
/// negative.
pub(super) fn check_head(
    start: UnixNanos,
    time: UnixNanos,
    sum: Option<f64>,
) -> Result<(), PointRefusalReason> {
    if time.0 == 0 || start > time {
        return Err(PointRefusalReason::Time);
    }
    sum.map_or(Ok(()), |sum| check("sum", sum))
}

/// The exemplars that have a trace id, a span id and a valid duration; at most [`MAX_EXEMPLARS`].
pub(super) fn usable(exemplars: &[RawExemplar], nanos: f64) -> Vec<Exemplar> {
    let usable = exemplars.iter().filter_map(|exemplar| {
        let (trace_id, span_id) = exemplar.trace_id.zip(exemplar.span_id)?;
        check("value", exemplar.value).ok()?;
        let nanos = (exemplar.value * nanos).round() as u64;
        Some(Exemplar { trace_id, span_id, nanos, time: exemplar.time })
    });
    usable.take(MAX_EXEMPLARS).collect()
}

fn check(field: &'static str, value: f64) -> Result<(), PointRefusalReason> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(PointRefusalReason::Number { field, value: value.to_string() })
}
