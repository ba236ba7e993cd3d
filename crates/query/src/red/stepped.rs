//! The requests of one service by time.

use std::collections::BTreeSet;

use coral_engine::{DeltaQuery, EngineError, StoredSpan};
use coral_trace::dependency::{Latencies, LatencyLimit};
use coral_trace::red::{Exemplar, MergedHistogram, Series, Side, series_from_span};
use coral_trace::{Collector, SpanKind, UnixNanos};

use super::rows::{Durations, name, nanos, text};
use super::steps::{StepSum, StepSums, Steps};
use super::{RedSource, RequestSelection};
use crate::reader::Reader;
use crate::series::SeriesQuestion;

/// The requests of one service in the steps of a window.
pub(crate) struct Stepped {
    pub source: RedSource,
    pub sums: StepSums,
    /// When the stored data begins, in the window or before.
    pub covered_since: UnixNanos,
    /// Whether the service has no request of the protocol, on any route.
    pub is_empty: bool,
}

/// The numbers of one step.
pub(crate) struct StepNumbers {
    pub requests: u64,
    pub errors: u64,
    /// P50, P95 and P99 in microseconds.
    pub percentiles: [Option<i64>; 3],
    /// What the percentiles that are not known are above.
    pub beyond_us: Option<i64>,
}

impl StepSum {
    pub fn numbers(&self) -> StepNumbers {
        let found = self.durations.percentiles([50, 95, 99]);
        let beyond = found.into_iter().flatten().find(|found| found.known().is_none());
        StepNumbers {
            requests: self.durations.count(),
            errors: self.errors,
            percentiles: found.map(|found| Some(found?.known()? as i64)),
            beyond_us: beyond.map(|bound| bound.least() as i64),
        }
    }
}

/// What is counted from one source.
struct Counting<'a> {
    route: Option<&'a str>,
    sums: StepSums,
    is_empty: bool,
    earliest: Option<UnixNanos>,
}

impl Counting<'_> {
    /// Whether a request counts. Requests of other routes tell that there are some.
    fn includes(&mut self, series: &Series) -> bool {
        self.is_empty = false;
        let row = name(series);
        self.route.is_none_or(|route| row.0 == route || row.1 == route || text(&row) == route)
    }
}

impl Reader<'_> {
    /// The requests that `question` is about, in each of `steps`: of metrics, or of spans if the
    /// window has no metrics of the service and protocol.
    pub(crate) fn requests_in_steps(
        &self,
        question: &SeriesQuestion,
        steps: Steps,
    ) -> Result<Stepped, EngineError> {
        let selection = RequestSelection {
            protocol: question.protocol.protocol(),
            side: question.side.effective(question.protocol).side(),
            service: &question.service,
            range: question.window(),
            shares: None,
        };
        let count = |source| {
            let none = match source {
                RedSource::Metrics => Durations::Buckets(MergedHistogram::default()),
                RedSource::Spans => Durations::Exact(Latencies::default()),
            };
            let mut counting = Counting {
                route: question.route.as_deref(),
                sums: StepSums::new(steps, &none),
                is_empty: true,
                earliest: None,
            };
            match source {
                RedSource::Metrics => self.step_metrics(&selection, &mut counting)?,
                RedSource::Spans => self.step_spans(&selection, &mut counting)?,
            }
            Ok::<_, EngineError>((source, counting))
        };
        let mut found = count(question.source.unwrap_or(RedSource::Metrics))?;
        if question.source.is_none() && found.1.is_empty {
            let by_spans = count(RedSource::Spans)?;
            if !by_spans.1.is_empty {
                found = by_spans;
            }
        }
        let (source, Counting { sums, is_empty, earliest, .. }) = found;
        let covered_since = self.covered_since(selection.range, earliest)?;
        Ok(Stepped { source, sums, covered_since, is_empty })
    }

    fn step_metrics(
        &self,
        selection: &RequestSelection<'_>,
        counting: &mut Counting<'_>,
    ) -> Result<(), EngineError> {
        let query = DeltaQuery {
            service: Some(selection.service.to_owned()),
            side: Some(selection.side),
            exemplars: true,
            grain: counting.sums.steps().grain(),
            ..DeltaQuery::all(selection.protocol, selection.range)
        };
        self.from.metrics.deltas(&query, self.budget, &mut |row| {
            let delta = &row.delta;
            let since = counting.earliest.map_or(delta.since, |earliest| earliest.min(delta.since));
            counting.earliest = Some(since);
            if counting.includes(&delta.series) {
                let failed = delta.series.is_error();
                counting.sums.add_histogram(delta.time, &delta.histogram, failed);
                for exemplar in &delta.exemplars {
                    counting.sums.keep(delta.time, exemplar.clone(), failed);
                }
            }
        })
    }

    /// Counts eBPF spans, or SDK spans if there are no eBPF spans: as tables of requests do.
    fn step_spans(
        &self,
        selection: &RequestSelection<'_>,
        counting: &mut Counting<'_>,
    ) -> Result<(), EngineError> {
        let started = self.started_traces(Some(selection.service), selection.range)?;
        let service = BTreeSet::from([selection.service.to_owned()]);
        let kind = match selection.side {
            Side::Server => SpanKind::Server,
            Side::Client => SpanKind::Client,
        };
        let mut limit = LatencyLimit::default();
        for collector in [Collector::Ebpf, Collector::Sdk] {
            if !counting.is_empty {
                break;
            }
            let mut add = |stored: &StoredSpan| {
                let span = &stored.span;
                let Some(series) = series_from_span(span) else { return };
                let is_selected = selection.includes(&series) && started.includes(span);
                if !is_selected || !counting.includes(&series) {
                    return;
                }
                let (trace_id, span_id, time) = (span.trace_id, span.span_id, span.start);
                let request = Exemplar { trace_id, span_id, nanos: nanos(span), time };
                counting.sums.add_one(time, request.nanos, span.is_error());
                counting.sums.keep(time, request, span.is_error());
                if limit.is_due_after(1) {
                    limit.apply(counting.sums.durations_mut());
                }
            };
            let ended = started.spans_ended();
            let traces = &self.from.traces;
            traces.spans_ended(&service, collector, &[kind], ended, self.budget, &mut add)?;
        }
        limit.apply(counting.sums.durations_mut());
        Ok(())
    }
}
