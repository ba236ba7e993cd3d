//! Counts the requests of one service, from metrics or from stored spans.

use std::collections::BTreeSet;

use coral_engine::{DeltaQuery, EngineError, Grain, StoredSpan};
use coral_trace::dependency::LatencyLimit;
use coral_trace::red::{Side, series_from_span};
use coral_trace::{Collector, SpanKind, TimeRange, UnixNanos};

use super::rows::Rows;
use super::started::StartedTraces;
use super::{RedSource, RequestSelection};
use crate::reader::Reader;
use crate::sampling::WHOLE;

/// The requests of a window.
pub(super) struct Counted {
    pub rows: Rows,
    /// What the requests were counted from.
    pub source: RedSource,
    /// When the first of the requests was counted by metrics, at the earliest; `None` for spans,
    /// and without requests.
    pub earliest: Option<UnixNanos>,
}

/// When the stored data begins: at the earliest metrics that were read, or at the oldest stored
/// span; within `range`.
pub(super) fn covered_since(
    range: TimeRange,
    earliest: Option<UnixNanos>,
    oldest: Option<UnixNanos>,
) -> UnixNanos {
    let begins = earliest.into_iter().chain(oldest).min();
    begins.map_or(range.start, |begins| begins.clamp(range.start, range.end))
}

impl Reader<'_> {
    /// The requests in `selection`, by row; with the slowest requests of each row that are known
    /// one by one if `slowest` is set.
    pub(super) fn count(
        &self,
        source: RedSource,
        selection: &RequestSelection<'_>,
        slowest: bool,
    ) -> Result<Counted, EngineError> {
        match source {
            RedSource::Metrics => self.count_by_metrics(selection, slowest),
            RedSource::Spans => {
                let rows = self.count_by_spans(selection, slowest)?;
                Ok(Counted { rows, source, earliest: None })
            }
        }
    }

    /// When the stored data begins, in the time range or before: the start of the range if data is
    /// older. `earliest` is the start of the metrics that were read.
    pub(super) fn covered_since(
        &self,
        range: TimeRange,
        earliest: Option<UnixNanos>,
    ) -> Result<UnixNanos, EngineError> {
        Ok(covered_since(range, earliest, self.oldest_start()?))
    }

    /// The start of the stored span that was received first, of either collector.
    pub(super) fn oldest_start(&self) -> Result<Option<UnixNanos>, EngineError> {
        let mut oldest = None;
        for collector in [Collector::Ebpf, Collector::Sdk] {
            let start = self.from.traces.oldest_start(collector, self.budget)?;
            oldest = start.into_iter().chain(oldest).min();
        }
        Ok(oldest)
    }

    /// Counts eBPF spans, or SDK spans if there are no eBPF spans in `selection`. Adding both would
    /// count each request twice.
    fn count_by_spans(
        &self,
        selection: &RequestSelection<'_>,
        slowest: bool,
    ) -> Result<Rows, EngineError> {
        let started = self.started_traces(Some(selection.service), selection.range)?;
        let mut rows = Rows::of_spans();
        for collector in [Collector::Ebpf, Collector::Sdk] {
            if rows.is_empty() {
                self.count_spans_of(collector, selection, &started, slowest, &mut rows)?;
            }
        }
        Ok(rows)
    }

    fn count_spans_of(
        &self,
        collector: Collector,
        selection: &RequestSelection<'_>,
        started: &StartedTraces,
        slowest: bool,
        rows: &mut Rows,
    ) -> Result<(), EngineError> {
        let mut limit = LatencyLimit::default();
        let mut add = |stored: &StoredSpan| {
            let span = &stored.span;
            if let Some(series) = series_from_span(span)
                && selection.includes(&series)
                && started.includes(span)
            {
                let share = selection.shares.map_or(WHOLE, |shares| shares.of(stored));
                rows.add_span(&series, span, share, slowest);
                if limit.is_due_after(Rows::DURATIONS_A_SPAN) {
                    limit.apply(rows.durations_mut());
                }
            }
        };
        let service = BTreeSet::from([selection.service.to_owned()]);
        let ended = started.spans_ended();
        let kind = match selection.side {
            Side::Server => SpanKind::Server,
            Side::Client => SpanKind::Client,
        };
        self.from.traces.spans_ended(&service, collector, &[kind], ended, self.budget, &mut add)?;
        // Percentiles are found faster in sorted durations.
        limit.apply(rows.durations_mut());
        Ok(())
    }

    fn count_by_metrics(
        &self,
        selection: &RequestSelection<'_>,
        exemplars: bool,
    ) -> Result<Counted, EngineError> {
        let query = DeltaQuery {
            service: Some(selection.service.to_owned()),
            side: Some(selection.side),
            exemplars,
            grain: Grain::Range,
            ..DeltaQuery::all(selection.protocol, selection.range)
        };
        let (mut rows, mut earliest) = (Rows::of_metrics(), None::<UnixNanos>);
        self.from.metrics.deltas(&query, self.budget, &mut |row| {
            let delta = &row.delta;
            earliest = Some(earliest.map_or(delta.since, |earliest| earliest.min(delta.since)));
            rows.add_histogram(delta);
            if exemplars {
                rows.keep_slowest(&delta.series, &delta.exemplars);
            }
        })?;
        Ok(Counted { rows, source: RedSource::Metrics, earliest })
    }
}
