//! The traces of slow requests.

use std::collections::HashSet;

use coral_engine::{Columns, EngineError, Order, TraceQuery};
use coral_trace::red::{Exemplar, Protocol, Side, series_from_span};
use coral_trace::{Collector, Span, SpanId, TraceId, UnixNanos};

use super::count::Counted;
use super::rows::{Percentile, RowName, RowSum};
use super::{NANOS_PER_MICRO, RedSource, RequestSelection};
use crate::answer::{FoundBy, NoSlowTrace, SlowRow, SlowTrace};
use crate::reader::Reader;
use crate::source::Source;

/// The largest number of traces in one row of the answer.
const MAX_TRACES: usize = 5;
/// The largest number of traces that are read for one row.
const MAX_CANDIDATES: u32 = 50;
/// The largest number of spans that are read for one row.
const MAX_SPANS: u32 = 20_000;
/// The largest number of slow traces, in all rows, that are read for their deepest failing span, and
/// the largest number of their spans.
const MAX_READ: usize = 100;
const MAX_READ_SPANS: u32 = 20_000;
/// How long before the window a trace may have started in which a request ended within the window.
const MAX_TRACE_LEAD: std::time::Duration = std::time::Duration::from_secs(600);

/// One request above the latency threshold.
struct SlowRequest {
    trace: TraceId,
    span: SpanId,
    nanos: u64,
    time: UnixNanos,
    found_by: FoundBy,
}

impl Reader<'_> {
    /// The rows whose P95 is above the threshold, with traces of requests above it. The threshold
    /// is `over_us`. Without `over_us` all rows are included, and the threshold is the P95 of each
    /// row; an exact P95 is the duration of a request, which is then included.
    pub(super) fn slow(
        &self,
        selection: &RequestSelection<'_>,
        counted: &Counted,
        over_us: Option<i64>,
    ) -> Result<Vec<SlowRow>, EngineError> {
        let mut slow = Vec::new();
        for (name, sum) in counted.rows.iter() {
            let [Some(p95)] = sum.durations.percentiles([95]) else { continue };
            let over = over_us.map(|over| u64::try_from(over).unwrap_or(0));
            if over.is_some_and(|over| p95.least() <= over) {
                continue;
            }
            let found = match counted.source {
                RedSource::Metrics => {
                    let threshold = over.unwrap_or(p95.least()).saturating_mul(NANOS_PER_MICRO);
                    self.slow_requests(selection, name, sum, threshold)?
                }
                RedSource::Spans => {
                    // The first duration that is slow.
                    let least = over.map_or(p95.least(), |over| over.saturating_add(1));
                    slow_spans_of(sum, least)
                }
            };
            let found = slowest_of_each_trace(found);
            let row = self.slow_row(selection, super::rows::text(name), p95, &found)?;
            let over_us = over.unwrap_or(p95.least()) as i64;
            slow.push((p95.least(), SlowRow { over_us, ..row }));
        }
        slow.sort_by_key(|(p95, _)| std::cmp::Reverse(*p95));
        let mut rows: Vec<SlowRow> = slow.into_iter().map(|(_, row)| row).collect();
        self.name_failures(&mut rows)?;
        Ok(rows)
    }

    /// Names the deepest failing span of the first [`MAX_READ`] slow traces.
    fn name_failures(&self, rows: &mut [SlowRow]) -> Result<(), EngineError> {
        let mut traces: Vec<&mut SlowTrace> =
            rows.iter_mut().flat_map(|row| &mut row.traces).filter(|slow| slow.stored).collect();
        traces.truncate(MAX_READ);
        let ids: Vec<TraceId> = traces.iter().map(|slow| slow.trace_id).collect();
        let failures = self.failures_in(&ids, Source::All, MAX_READ_SPANS)?;
        for slow in traces {
            slow.failure = failures.get(&slow.trace_id).cloned();
        }
        Ok(())
    }

    fn slow_row(
        &self,
        selection: &RequestSelection<'_>,
        name: String,
        p95: Percentile,
        found: &[SlowRequest],
    ) -> Result<SlowRow, EngineError> {
        let traces =
            found.iter().map(|slow| self.slow_trace(slow)).collect::<Result<Vec<_>, _>>()?;
        let none_because = self.none_because(selection, found, &traces)?;
        let p95_us = p95.known().map(|micros| micros as i64);
        Ok(SlowRow { name, p95_us, over_us: 0, traces, none_because })
    }

    /// Requests of a row of metrics that took longer than `threshold` nanoseconds: stored spans,
    /// and exemplars.
    fn slow_requests(
        &self,
        selection: &RequestSelection<'_>,
        name: &RowName,
        sum: &RowSum,
        threshold: u64,
    ) -> Result<Vec<SlowRequest>, EngineError> {
        let mut found = self.slow_spans(selection, name, threshold)?;
        let known: HashSet<TraceId> = found.iter().map(|slow| slow.trace).collect();
        let exemplars = sum.slowest.iter().filter(|exemplar| exemplar.nanos > threshold);
        let unknown = exemplars.filter(|exemplar| !known.contains(&exemplar.trace_id));
        found.extend(unknown.map(|exemplar| SlowRequest::new(exemplar, FoundBy::Exemplar)));
        Ok(found)
    }

    /// The stored eBPF spans of the row that took longer than `threshold` nanoseconds.
    fn slow_spans(
        &self,
        selection: &RequestSelection<'_>,
        name: &RowName,
        threshold: u64,
    ) -> Result<Vec<SlowRequest>, EngineError> {
        let mut started = selection.range;
        started.start = started.start.earlier(MAX_TRACE_LEAD);
        let query = TraceQuery {
            started,
            services: vec![selection.service.to_owned()],
            collector: Some(Collector::Ebpf),
            min_duration_us: Some((threshold / NANOS_PER_MICRO) as i64),
            attributes: attributes(selection, name),
            order: Order::Slowest,
            ..TraceQuery::newest(MAX_CANDIDATES)
        };
        let traces: Vec<TraceId> =
            self.search(&query)?.into_iter().map(|trace| trace.trace_id).collect();
        let spans = self.spans(&traces, Some(Collector::Ebpf), Columns::ATTRIBUTES, MAX_SPANS)?;
        let slow = spans.iter().filter(|span| {
            selection.range.contains(span.end)
                && span.duration().as_nanos() > u128::from(threshold)
                && series_from_span(span).is_some_and(|series| {
                    selection.includes(&series)
                        && series.operation == name.0
                        && target_matches(&name.1, &series.target)
                })
        });
        Ok(slow.map(SlowRequest::from_span).collect())
    }

    fn slow_trace(&self, slow: &SlowRequest) -> Result<SlowTrace, EngineError> {
        let stored =
            slow.found_by == FoundBy::Span || self.from.traces.contains(slow.trace, self.budget)?;
        Ok(SlowTrace {
            trace_id: slow.trace,
            span_id: slow.span,
            latency_us: (slow.nanos / NANOS_PER_MICRO) as i64,
            time: slow.time,
            found_by: slow.found_by,
            stored,
            failure: None,
        })
    }

    /// Why none of the slow traces in `found` is stored; `None` when at least one is.
    fn none_because(
        &self,
        selection: &RequestSelection<'_>,
        found: &[SlowRequest],
        traces: &[SlowTrace],
    ) -> Result<Option<NoSlowTrace>, EngineError> {
        if traces.iter().any(|trace| trace.stored) {
            return Ok(None);
        }
        let oldest = self.from.traces.oldest_start(Collector::Ebpf, self.budget)?;
        let newest_found = found.iter().map(|slow| slow.time).max();
        Ok(Some(match (oldest, newest_found) {
            (None, _) => NoSlowTrace::NoTraces,
            (Some(oldest), Some(time)) if time < oldest => NoSlowTrace::TracesExpired,
            (Some(_), Some(_)) => NoSlowTrace::NotSampled,
            (Some(oldest), None) if selection.range.end < oldest => NoSlowTrace::WindowExpired,
            (Some(_), None) => NoSlowTrace::NothingFound,
        }))
    }
}

impl SlowRequest {
    fn new(request: &Exemplar, found_by: FoundBy) -> Self {
        let Exemplar { trace_id, span_id, nanos, time } = *request;
        Self { trace: trace_id, span: span_id, nanos, time, found_by }
    }

    fn from_span(span: &Span) -> Self {
        let nanos = u64::try_from(span.duration().as_nanos()).unwrap_or(u64::MAX);
        let (trace, id) = (span.trace_id, span.span_id);
        Self { trace, span: id, nanos, time: span.end, found_by: FoundBy::Span }
    }
}

/// The requests of a row of spans that took at least `least_us` microseconds.
fn slow_spans_of(sum: &RowSum, least_us: u64) -> Vec<SlowRequest> {
    let slow = sum.slowest.iter().filter(|request| request.nanos / NANOS_PER_MICRO >= least_us);
    slow.map(|request| SlowRequest::new(request, FoundBy::Span)).collect()
}

/// Whether a span's target belongs to a row. SQL metrics do not name the table, so the target of
/// their rows is empty and matches every span.
fn target_matches(row: &str, span: &str) -> bool {
    row == span || row.is_empty()
}

/// Attribute filters that narrow the search for spans of the row; [`Reader::slow_spans`] then tests
/// each span exactly. Only HTTP servers have the target as an attribute: a client's route is only
/// in its span name, and gRPC and SQL rows are searched by operation alone.
fn attributes(
    selection: &RequestSelection<'_>,
    (operation, target): &RowName,
) -> Vec<(String, String)> {
    let pairs = match (selection.protocol, selection.side) {
        (Protocol::Http, Side::Server) => {
            vec![("http.request.method", operation), ("http.route", target)]
        }
        (Protocol::Http, Side::Client) => vec![("http.request.method", operation)],
        (Protocol::Grpc, _) => vec![("rpc.method", operation)],
        (Protocol::Sql, _) => vec![("db.operation.name", operation)],
    };
    let known = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    known.map(|(key, value)| (key.to_owned(), value.clone())).collect()
}

/// The slowest request of each trace, slowest first; at most [`MAX_TRACES`].
fn slowest_of_each_trace(mut found: Vec<SlowRequest>) -> Vec<SlowRequest> {
    found.sort_by_key(|slow| (std::cmp::Reverse(slow.nanos), slow.trace));
    let mut seen = HashSet::new();
    found.retain(|slow| seen.insert(slow.trace));
    found.truncate(MAX_TRACES);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow(trace: u128, nanos: u64) -> SlowRequest {
        SlowRequest {
            trace: TraceId::try_from(trace).unwrap(),
            span: SpanId::try_from(nanos).unwrap(),
            nanos,
            time: UnixNanos(1),
            found_by: FoundBy::Span,
        }
    }

    #[test]
    fn a_trace_with_several_slow_requests_is_listed_once_by_its_slowest() {
        let found = vec![slow(1, 700), slow(2, 800), slow(1, 900), slow(3, 100)];
        let listed: Vec<(u128, u64)> = slowest_of_each_trace(found)
            .iter()
            .map(|slow| (slow.trace.as_u128(), slow.nanos))
            .collect();
        assert_eq!(listed, [(1, 900), (2, 800), (3, 100)]);
    }

    #[test]
    fn a_row_lists_a_limited_number_of_traces() {
        let found = (1..=20).map(|trace| slow(trace, 1_000)).collect();
        assert_eq!(slowest_of_each_trace(found).len(), MAX_TRACES);
    }
}
