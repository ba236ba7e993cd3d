//! Spans as examples of their series.

use coral_traceql::{
    Attribute, Intrinsic, Metrics, MetricsFunction, MetricsSource, Static, Trace as _,
};

use super::super::candidates::columns;
use super::table::number;
use super::{Exemplar, Run, Series, spans};
use crate::ask::QueryError;

/// The largest number of exemplars in an answer, as in Tempo.
const MAX_EXEMPLARS: u32 = 100;

/// Adds at most `limit` exemplars to `series`, from the newest traces that match. Arithmetic and
/// `compare()` have none.
pub(super) fn add(
    run: &Run<'_>,
    metrics: &Metrics,
    limit: u32,
    series: &mut [Series],
) -> Result<(), QueryError> {
    let MetricsSource::Leaf { pipeline, function: MetricsFunction::Aggregate { of, by, .. } } =
        &metrics.source
    else {
        return Ok(());
    };
    let limit = limit.min(MAX_EXEMPLARS);
    let mut attributes = Vec::new();
    pipeline.each_attribute(&mut |attribute| attributes.push(attribute.clone()));
    attributes.extend(by.iter().chain(of).cloned());
    let read = columns(&attributes);
    let (mut left, mut last) = (limit, None);
    spans::each_match(run, pipeline, read, limit, &mut 0, &mut |spans, at| {
        let span = spans.span(at);
        // One span of each trace, so that the examples are of different requests.
        if left == 0 || last == Some(span.trace_id) || run.steps.of(span.start).is_none() {
            return Ok(());
        }
        let value = |attribute: &Attribute| spans.value(at, attribute);
        let mut labels: Vec<(String, Static)> =
            by.iter().map(|by| (by.to_string(), value(by))).collect();
        labels.retain(|(_, value)| !value.is_nil());
        let fits = |series: &&mut Series| labels.iter().all(|label| series.labels.contains(label));
        let Some(series) = series.iter_mut().find(fits) else { return Ok(()) };
        let trace_id = span.trace_id.to_string();
        labels.push((Intrinsic::TraceId.name(), Static::String(trace_id)));
        series.exemplars.push(Exemplar {
            trace_id: span.trace_id,
            span_id: span.span_id,
            labels,
            timestamp_ms: (span.start.0 / 1_000_000) as i64,
            value: of.as_ref().and_then(|of| number(&value(of))).unwrap_or(f64::NAN),
        });
        (left, last) = (left - 1, Some(span.trace_id));
        Ok(())
    })
}
