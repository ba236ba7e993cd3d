//! Which traces are examined: whole stretches of time, in which every trace is read.

use std::time::Duration;

use coral_engine::{EngineError, Order, StoredSpan, TraceQuery, TraceSummary};
use coral_trace::{Span, TimeRange, TraceId, UnixNanos};

use crate::cohort::{MAX_SPANS, by_trace, compared_columns};
use crate::reader::Reader;
use crate::sample::{INTERVALS, OVERSIZED_IN_INTERVAL, fitting, spread};

/// The largest number of traces that are examined. A window with more is divided into
/// [`INTERVALS`], and the newest traces of each are examined. Both sides of a call that lost its
/// context are then among them.
const MAX_TRACES: u32 = 2_000;

/// How long before a trace its caller may have begun.
const BEFORE: Duration = Duration::from_secs(10);
/// How long after a trace the call that it answers may end.
const AFTER: Duration = Duration::from_secs(1);
/// The largest number of traces that are read from before a trace, from during it, and from after.
const MAX_NEIGHBOURS: u32 = 100;
/// The largest number of spans of these traces.
const MAX_NEIGHBOUR_SPANS: u64 = 4_000;

/// The largest number of traces that are read for the services at loopback addresses, and of their
/// spans.
const MAX_NEWEST: u32 = 300;
const MAX_NEWEST_SPANS: u64 = 6_000;

/// Traces to examine.
pub(super) struct Sample {
    pub traces: Vec<Vec<StoredSpan>>,
    /// The times in which every trace was read.
    pub covered: Vec<TimeRange>,
    /// Whether the time has more traces.
    pub cut: bool,
    /// How many traces were not read because of their size.
    pub oversized: u64,
}

impl Sample {
    /// The spans of each trace.
    pub fn spans(&self) -> Vec<Vec<&Span>> {
        let traces = self.traces.iter();
        traces.map(|trace| trace.iter().map(|stored| &stored.span).collect()).collect()
    }
}

/// Traces of one stretch of time, newest first, not yet read.
struct Stretch {
    found: Vec<TraceSummary>,
    /// Traces that are too large to be examined.
    oversized: Vec<TraceSummary>,
    /// The time in which every trace was found.
    covered: TimeRange,
    /// Whether the time before `covered` has more traces.
    cut: bool,
}

impl Reader<'_> {
    /// Traces that started in `window`: all, or those of stretches spread evenly over the window.
    pub(super) fn stretches(&self, window: TimeRange) -> Result<Sample, EngineError> {
        let whole = self.stretch(window, MAX_TRACES, MAX_SPANS, None)?;
        let spread: Vec<Stretch> = match whole.cut {
            false => Vec::new(),
            true => spread(window, MAX_TRACES, |interval, traces| {
                self.stretch(interval, traces, MAX_SPANS / u64::from(INTERVALS), None)
            })?,
        };
        // If most traces are in a few intervals, the newest are as good a choice, and more.
        let count = spread.iter().map(|stretch| stretch.found.len()).sum::<usize>();
        let stretches = if count > whole.found.len() / 2 { spread } else { vec![whole] };
        self.read(stretches)
    }

    /// The newest traces that started in `window`, a few hundred at most.
    pub(super) fn newest_traces(&self, window: TimeRange) -> Result<Sample, EngineError> {
        let newest = self.stretch(window, MAX_NEWEST, MAX_NEWEST_SPANS, None)?;
        self.read(vec![newest])
    }

    /// Traces that may hold the other sides of calls of the trace with these `spans`: those that
    /// began shortly before it, or during it.
    pub(super) fn neighbours(&self, spans: &[&Span]) -> Result<Sample, EngineError> {
        let start = spans.iter().map(|span| span.start).min().unwrap_or_default();
        let end = spans.iter().map(|span| span.end).max().unwrap_or_default();
        // Times are compared in microseconds.
        let (start, end) =
            (UnixNanos(start.0 / 1_000 * 1_000), end.later(Duration::from_micros(1)));
        let before = TimeRange { start: start.earlier(BEFORE), end: start };
        let during = TimeRange { start, end };
        // A call goes on for a little while after the server span that answers it.
        let after = TimeRange { start: end, end: end.later(AFTER) };
        let itself = spans.first().map(|span| span.trace_id);
        let stretches = [before, during, after]
            .map(|range| self.stretch(range, MAX_NEIGHBOURS, MAX_NEIGHBOUR_SPANS, itself))
            .into_iter()
            .collect::<Result<_, _>>()?;
        self.read(stretches)
    }

    /// The newest traces that started in `started`, within the limits, without the trace `but`.
    fn stretch(
        &self,
        started: TimeRange,
        max_traces: u32,
        max_spans: u64,
        but: Option<TraceId>,
    ) -> Result<Stretch, EngineError> {
        let query =
            TraceQuery { started, order: Order::Newest, ..TraceQuery::newest(max_traces + 1) };
        let mut found = self.search(&query)?;
        let has_more = found.len() > max_traces as usize;
        found.truncate(max_traces as usize);
        found.retain(|summary| Some(summary.trace_id) != but);
        let sample = fitting(found, max_spans, OVERSIZED_IN_INTERVAL);
        let cut = has_more || sample.is_full;
        let starts = sample.traces.iter().chain(&sample.oversized).map(|summary| summary.start);
        let since = if cut { starts.min().unwrap_or(started.end) } else { started.start };
        let covered = TimeRange { start: since, end: started.end };
        Ok(Stretch { found: sample.traces, oversized: sample.oversized, covered, cut })
    }

    /// Reads the traces of `stretches`, which are sorted by time.
    fn read(&self, stretches: Vec<Stretch>) -> Result<Sample, EngineError> {
        let mut covered: Vec<TimeRange> = Vec::new();
        for stretch in &stretches {
            match covered.last_mut().filter(|last| last.end == stretch.covered.start) {
                Some(last) => last.end = stretch.covered.end,
                None => covered.push(stretch.covered),
            }
        }
        let oversized = || stretches.iter().flat_map(|stretch| &stretch.oversized);
        for summary in oversized() {
            covered = without(&covered, time_of(summary));
        }
        let oversized = oversized().count() as u64;
        let cut = oversized > 0 || stretches.iter().any(|stretch| stretch.cut);
        let found = stretches.iter().flat_map(|stretch| &stretch.found);
        let ids: Vec<TraceId> = found.map(|summary| summary.trace_id).collect();
        let spans = self.stored_spans(&ids, None, compared_columns(), MAX_SPANS as u32)?;
        Ok(Sample { traces: by_trace(spans), covered, cut, oversized })
    }
}

/// The time from the first span of a trace to the end of the last.
fn time_of(summary: &TraceSummary) -> TimeRange {
    let duration = Duration::from_micros(summary.duration_us.max(0).unsigned_abs());
    // The start is truncated to microseconds, and a time range excludes its end.
    let end = summary.start.later(duration).later(Duration::from_micros(2));
    TimeRange { start: summary.start, end }
}

/// The parts of `ranges` that are not in `gap`.
fn without(ranges: &[TimeRange], gap: TimeRange) -> Vec<TimeRange> {
    let parts = ranges.iter().flat_map(|range| {
        let before = TimeRange { start: range.start, end: range.end.min(gap.start) };
        let after = TimeRange { start: range.start.max(gap.end), end: range.end };
        [before, after]
    });
    parts.filter(|part| part.start < part.end).collect()
}
