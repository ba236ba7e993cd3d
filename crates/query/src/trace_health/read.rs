//! Which traces are examined: whole stretches of time, in which every trace is read.

use std::time::Duration;

use coral_engine::{EngineError, Order, StoredSpan, TraceQuery, TraceSummary};
use coral_trace::{Span, TimeRange, TraceId, UnixNanos};

use crate::cohort::{MAX_SPANS, by_trace, compared_columns, intervals};
use crate::reader::Reader;

/// The largest number of traces that are examined.
const MAX_TRACES: u32 = 2_000;
/// A window with more traces is divided into this many intervals, and the newest traces of each are
/// examined. Both sides of a call that lost its context are then among them.
const INTERVALS: u32 = 20;

/// How long before a trace its caller may have begun.
const BEFORE: Duration = Duration::from_secs(10);
/// How long after a trace the call that it answers may end.
const AFTER: Duration = Duration::from_secs(1);
/// The largest number of traces that are read from before a trace, from during it, and from after.
const MAX_NEIGHBOURS: u32 = 100;
/// The largest number of spans of these traces.
const MAX_NEIGHBOUR_SPANS: u64 = 4_000;

/// Traces to examine.
pub(super) struct Sample {
    pub traces: Vec<Vec<StoredSpan>>,
    /// The times in which every trace was read.
    pub covered: Vec<TimeRange>,
    /// Whether the time has more traces.
    pub cut: bool,
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
    covered: TimeRange,
    cut: bool,
}

impl Reader<'_> {
    /// Traces that started in `window`: all, or those of stretches spread evenly over the window.
    pub(super) fn stretches(&self, window: TimeRange) -> Result<Sample, EngineError> {
        let whole = self.stretch(window, MAX_TRACES, MAX_SPANS)?;
        let spread: Vec<Stretch> = match whole.cut {
            false => Vec::new(),
            true => intervals(window, INTERVALS)
                .map(|interval| {
                    let (traces, spans) =
                        (MAX_TRACES / INTERVALS, MAX_SPANS / u64::from(INTERVALS));
                    self.stretch(interval, traces, spans)
                })
                .collect::<Result<_, _>>()?,
        };
        // If most traces are in a few intervals, the newest are as good a choice, and more.
        let count = spread.iter().map(|stretch| stretch.found.len()).sum::<usize>();
        let stretches = if count > whole.found.len() / 2 { spread } else { vec![whole] };
        self.read(stretches, None)
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
        let stretches = [before, during, after]
            .map(|range| self.stretch(range, MAX_NEIGHBOURS, MAX_NEIGHBOUR_SPANS))
            .into_iter()
            .collect::<Result<_, _>>()?;
        self.read(stretches, spans.first().map(|span| span.trace_id))
    }

    /// The newest traces that started in `started`, within the limits. At least one is included.
    fn stretch(
        &self,
        started: TimeRange,
        max_traces: u32,
        max_spans: u64,
    ) -> Result<Stretch, EngineError> {
        let query =
            TraceQuery { started, order: Order::Newest, ..TraceQuery::newest(max_traces + 1) };
        let mut found = self.search(&query)?;
        let mut spans = 0;
        let mut fits = |(at, summary): (usize, &TraceSummary)| {
            spans += summary.spans;
            at < max_traces as usize && (at == 0 || spans <= max_spans)
        };
        let fitting =
            found.iter().enumerate().take_while(|(at, summary)| fits((*at, summary))).count();
        let cut = fitting < found.len();
        found.truncate(fitting);
        let oldest = found.last().filter(|_| cut).map(|summary| summary.start);
        let covered = TimeRange { start: oldest.unwrap_or(started.start), end: started.end };
        Ok(Stretch { found, covered, cut })
    }

    /// Reads the traces of `stretches`, which are sorted by time, but not the trace `but`.
    fn read(&self, stretches: Vec<Stretch>, but: Option<TraceId>) -> Result<Sample, EngineError> {
        let mut covered: Vec<TimeRange> = Vec::new();
        for stretch in &stretches {
            match covered.last_mut().filter(|last| last.end == stretch.covered.start) {
                Some(last) => last.end = stretch.covered.end,
                None => covered.push(stretch.covered),
            }
        }
        let cut = stretches.iter().any(|stretch| stretch.cut);
        let ids = stretches.iter().flat_map(|stretch| &stretch.found);
        let ids: Vec<TraceId> =
            ids.map(|summary| summary.trace_id).filter(|id| Some(*id) != but).collect();
        let spans = self.stored_spans(&ids, None, compared_columns(), MAX_SPANS as u32)?;
        Ok(Sample { traces: by_trace(spans), covered, cut })
    }
}
