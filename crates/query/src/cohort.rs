//! Cohorts: the traces of a window and of its baseline, which are compared with each other.

use std::collections::HashSet;

use coral_engine::{Columns, EngineError, Order, StoredSpan, TraceQuery, TraceSummary};
use coral_trace::{Span, TimeRange, TraceId, UnixNanos, side_by_side};

use crate::coverage::{self, Coverage, TracesOf};
use crate::reader::Reader;
use crate::sample::{INTERVALS, OVERSIZED_IN_COHORT, fitting, intervals};

/// The largest number of traces in a cohort. A window is divided into [`INTERVALS`], and the newest
/// traces of each interval are read.
const MAX_TRACES: u32 = 2_000;
/// The largest number of spans that are read for one cohort.
pub(crate) const MAX_SPANS: u64 = 100_000;

/// A set of whole traces.
#[derive(Default)]
pub(crate) struct Cohort {
    pub(crate) traces: Vec<Vec<Span>>,
    /// Whether traces of the window were left out because there are more than the limits allow.
    pub(crate) cut: bool,
}

/// A window and its baseline, as far as agents covered both.
pub(crate) struct Compared {
    pub(crate) window: Cohort,
    pub(crate) baseline: Cohort,
    /// The gaps in what was seen of agents, and what is left out because of them.
    pub(crate) coverage: Vec<Coverage>,
    /// The traces of the window that lack spans because of gaps.
    pub(crate) torn: HashSet<TraceId>,
}

/// A cohort as it was read: with the agents that the spans are from.
pub(crate) struct StoredCohort {
    pub(crate) traces: Vec<Vec<StoredSpan>>,
    pub(crate) cut: bool,
}

/// The groups of columns that a comparison needs. Attributes identify the callee; attributes and
/// resources contain the values that slow spans may have in common.
pub(crate) fn compared_columns() -> Columns {
    Columns::ATTRIBUTES | Columns::ORIGIN
}

impl Reader<'_> {
    /// The two cohorts of a comparison: traces that started in `window`, and traces that started in
    /// `before`. Each trace has a span of `service`, or of any service if `service` is `None`. Both
    /// cohorts are read at the same time.
    pub(crate) fn cohorts(
        &self,
        service: Option<&str>,
        window: TimeRange,
        before: TimeRange,
    ) -> Result<Compared, EngineError> {
        let (now, baseline) = side_by_side(
            || self.cohort(service, None, window),
            || self.cohort(service, None, before),
        );
        let (mut now, mut baseline) = (now?, baseline?);
        let coverage = self.coverage_of(
            service,
            TracesOf { range: before, traces: &baseline.traces },
            TracesOf { range: window, traces: &now.traces },
        )?;
        let torn = coverage::torn_traces(&coverage, &baseline.traces, &now.traces);
        coverage::leave_out(&coverage, &mut baseline.traces);
        coverage::leave_out(&coverage, &mut now.traces);
        Ok(Compared { window: now.into(), baseline: baseline.into(), coverage, torn })
    }

    /// The traces that started in `started` and have a span of `service` with the name `name`;
    /// `None` matches any service or name.
    pub(crate) fn cohort(
        &self,
        service: Option<&str>,
        name: Option<&str>,
        started: TimeRange,
    ) -> Result<StoredCohort, EngineError> {
        let query = |(started, limit): &(TimeRange, u32)| TraceQuery {
            started: *started,
            services: service.map(str::to_owned).into_iter().collect(),
            name: name.map(str::to_owned),
            order: Order::Newest,
            ..TraceQuery::newest(*limit)
        };
        let search = |intervals: &[(TimeRange, u32)]| {
            self.search_each(&intervals.iter().map(query).collect::<Vec<_>>())
        };
        let (found, mut cut) = evenly(started, MAX_TRACES, search)?;
        let (found, is_thinned_out) = thinned_out(found);
        cut |= is_thinned_out;
        // One read for all traces: traces that share a page of a segment are decoded together.
        let ids: Vec<TraceId> = found.iter().map(|summary| summary.trace_id).collect();
        let spans = self.stored_spans(&ids, None, compared_columns(), MAX_SPANS as u32)?;
        Ok(StoredCohort { traces: by_trace(spans), cut })
    }
}

/// At most `max_traces` of the traces that `search` finds in intervals of a time range, newest first and
/// each with a limit, and whether there are more. Each interval of the range has the same share of the limit; what
/// intervals with few traces leave of it is divided among the others, once.
pub(crate) fn evenly(
    started: TimeRange,
    max_traces: u32,
    search: impl Fn(&[(TimeRange, u32)]) -> Result<Vec<Vec<TraceSummary>>, EngineError>,
) -> Result<(Vec<TraceSummary>, bool), EngineError> {
    let mut each = max_traces / INTERVALS;
    let intervals: Vec<(TimeRange, u32)> =
        intervals(started).map(|interval| (interval, each + 1)).collect();
    let mut of_intervals = search(&intervals)?;
    let is_cut = |traces: &Vec<TraceSummary>, each: u32| traces.len() > each as usize;
    let full: Vec<usize> =
        (0..of_intervals.len()).filter(|at| is_cut(&of_intervals[*at], each)).collect();
    let few = of_intervals.iter().filter(|traces| !is_cut(traces, each));
    let rest: usize = few.map(|traces| each as usize - traces.len()).sum();
    let more = (rest / full.len().max(1)) as u32;
    if more > 0 && !full.is_empty() {
        each += more;
        let busy: Vec<(TimeRange, u32)> =
            full.iter().map(|at| (intervals[*at].0, each + 1)).collect();
        for (at, traces) in full.into_iter().zip(search(&busy)?) {
            of_intervals[at] = traces;
        }
    }
    let cut = of_intervals.iter().any(|traces| is_cut(traces, each));
    let found = of_intervals.into_iter().flat_map(|traces| traces.into_iter().take(each as usize));
    Ok((found.collect(), cut))
}

impl From<StoredCohort> for Cohort {
    fn from(stored: StoredCohort) -> Self {
        let spans = |trace: Vec<StoredSpan>| trace.into_iter().map(|stored| stored.span).collect();
        Self { traces: stored.traces.into_iter().map(spans).collect(), cut: stored.cut }
    }
}

/// Divides spans that are grouped by trace.
pub(crate) fn by_trace(spans: Vec<StoredSpan>) -> Vec<Vec<StoredSpan>> {
    let is_same = |one: &StoredSpan, next: &StoredSpan| one.span.trace_id == next.span.trace_id;
    let lengths: Vec<usize> = spans.chunk_by(is_same).map(<[StoredSpan]>::len).collect();
    let mut spans = spans.into_iter();
    lengths.into_iter().map(|length| spans.by_ref().take(length).collect()).collect()
}

/// At most [`MAX_SPANS`] spans' traces of `found`, newest first, and whether any trace was left out.
/// Traces are chosen by their ids, which are random.
fn thinned_out(mut found: Vec<TraceSummary>) -> (Vec<TraceSummary>, bool) {
    if found.iter().map(|summary| summary.spans).sum::<u64>() <= MAX_SPANS {
        return (found, false);
    }
    // A trace id of 64 bits has random bytes in its lower half only. Swapping the bytes makes the
    // random ones the first that are compared.
    found.sort_unstable_by_key(|summary| summary.trace_id.as_u128().swap_bytes());
    let sample = fitting(found, MAX_SPANS, OVERSIZED_IN_COHORT);
    let (is_cut, mut kept) = (sample.is_cut(), sample.traces);
    if kept.is_empty() {
        // A single trace that exceeds the limit is kept, so that the cohort is not empty.
        kept.extend(sample.oversized.into_iter().next());
    }
    kept.sort_unstable_by_key(|summary| std::cmp::Reverse(summary.start));
    (kept, is_cut)
}

pub(crate) fn range(since: i64, until: i64) -> TimeRange {
    TimeRange { start: UnixNanos::from_micros(since), end: UnixNanos::from_micros(until) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many traces are chosen of 100 seconds, of which each has as many as `of_second` says; and
    /// whether there are more.
    fn chosen(of_second: impl Fn(u64) -> u32) -> (usize, bool) {
        const SECOND: u64 = 1_000_000_000;
        let started = TimeRange { start: UnixNanos(0), end: UnixNanos(100 * SECOND) };
        let search_one = |&(interval, limit): &(TimeRange, u32)| {
            let seconds = interval.start.0 / SECOND..interval.end.0 / SECOND;
            let starts = seconds
                .rev()
                .flat_map(|second| (0..of_second(second)).map(move |_| UnixNanos(second * SECOND)));
            let summary = |start| TraceSummary {
                trace_id: TraceId::try_from(1).unwrap(),
                start,
                duration_us: 0,
                spans: 1,
                errors: 0,
                services: Vec::new(),
                root_service: None,
                root_name: String::new(),
                status_code: None,
            };
            starts.take(limit as usize).map(summary).collect()
        };
        let search =
            |intervals: &[(TimeRange, u32)]| Ok(intervals.iter().map(search_one).collect());
        let (found, cut) = evenly(started, MAX_TRACES, search).unwrap();
        (found.len(), cut)
    }

    #[test]
    fn what_calm_intervals_leave_of_the_limit_is_divided_among_busy_ones() {
        assert_eq!(chosen(|_| 1), (100, false));
        assert_eq!(chosen(|_| 20), (2_000, false));
        assert_eq!(chosen(|_| 21), (2_000, true));
        // All in one second, as many as the limit allows, and more.
        assert_eq!(chosen(|second| if second == 50 { 2_000 } else { 0 }), (2_000, false));
        assert_eq!(chosen(|second| if second == 50 { 30_000 } else { 0 }), (2_000, true));
        // A busy interval beside calm ones.
        assert_eq!(chosen(|second| if second < 5 { 1_000 } else { 2 }), (2_000, true));
    }
}
