//! When a change began, from a sample of the traces of the last hours.

use std::collections::BTreeMap;
use std::time::Duration;

use coral_engine::{Columns, EngineError, StoredSpan, TraceQuery, TraceSummary};
use coral_trace::{Span, TimeRange, TraceId, UnixNanos, explain};

use crate::cohort::{by_trace, side_by_side};
use crate::coverage::{self, TracesOf};
use crate::reader::Reader;
use crate::sample::fitting;

/// How much history is searched: a change that began six hours ago is compared
/// with the two hours before it.
const HISTORY: Duration = Duration::from_secs(8 * 3_600);
/// Traces that are younger than this may lack spans that are yet to be received.
const SETTLING: Duration = Duration::from_secs(20);
const MINUTE: Duration = Duration::from_secs(60);
/// The largest number of traces that are listed at once. When there are more, each of the
/// [`intervals`] is searched for [`MAX_PER_INTERVAL`].
const MAX_LISTED: u32 = 6_000;
const MAX_PER_INTERVAL: u32 = 40;
/// The largest number of spans that are read.
const MAX_SPANS: u64 = 20_000;
/// The part of the time before a beginning that belongs to neither the window nor the baseline: at
/// least, and as one part in this many of the window.
const MARGIN: Duration = Duration::from_secs(60);
const MARGIN_PART: u32 = 12;
/// For each such part of the history, one trace fewer is read of each minute.
const THINNING_MINUTES: u64 = 60;
/// In this many minutes before the end, a change may have begun that only few traces show yet: so
/// many traces are read of each for one of an older minute.
const RECENT_MINUTES: u64 = 5;
const RECENT_TOGETHER: usize = 4;

impl Reader<'_> {
    /// When the change for the worse began that is in the traces of `service`, or of all services,
    /// before `until`; `None` when there is none.
    pub(crate) fn beginning(
        &self,
        service: Option<&str>,
        until: UnixNanos,
    ) -> Result<Option<UnixNanos>, EngineError> {
        let end = until.min(self.from.now.earlier(SETTLING));
        let ids = sample(self.listed(service, end)?, end);
        let spans = self.stored_spans(&ids, None, Columns::CORE, MAX_SPANS as u32)?;
        let mut traces = by_trace(spans);
        let history = TimeRange { start: end.earlier(HISTORY), end };
        let none = TimeRange { start: end, end: until.max(end) };
        let mut coverage = self.coverage(
            TracesOf { range: history, traces: &traces },
            TracesOf { range: none, traces: &[] },
        )?;
        coverage::keep(&mut coverage, service);
        coverage::leave_out(&coverage, &mut traces);
        let spans = |trace: Vec<StoredSpan>| trace.into_iter().map(|stored| stored.span).collect();
        let traces: Vec<Vec<Span>> = traces.into_iter().map(spans).collect();
        Ok(explain::onset(traces.iter().map(Vec::as_slice), service))
    }

    /// Traces of the history that ends at `end`.
    fn listed(
        &self,
        service: Option<&str>,
        end: UnixNanos,
    ) -> Result<Vec<TraceSummary>, EngineError> {
        let search = |started, limit| {
            self.search(&TraceQuery {
                started,
                services: service.map(str::to_owned).into_iter().collect(),
                ..TraceQuery::newest(limit)
            })
        };
        let all = search(TimeRange { start: end.earlier(HISTORY), end }, MAX_LISTED)?;
        if all.len() < MAX_LISTED as usize {
            return Ok(all);
        }
        let intervals = intervals(end);
        let each = |intervals: &[TimeRange]| {
            let found = intervals.iter().map(|interval| search(*interval, MAX_PER_INTERVAL));
            found.collect::<Result<Vec<_>, _>>()
        };
        let (recent, older) = intervals.split_at(intervals.len() / 2);
        let (recent, older) = side_by_side(|| each(recent), || each(older));
        Ok(recent?.into_iter().chain(older?).flatten().collect())
    }
}

/// The end of the baseline of a change that `began` in a window that ends at `until`. The beginning
/// is not exact, and a few traces of the change would hide it where the baseline has few of its
/// operation: the baseline ends earlier, by a length that grows with the window.
pub(crate) fn baseline_end(began: UnixNanos, until: UnixNanos) -> UnixNanos {
    began.earlier(MARGIN + until.since(began) / MARGIN_PART)
}

/// Intervals that cover the history before `end`, newest first: of a minute in the last hour, of
/// two in the hour before it, and of four before that.
fn intervals(end: UnixNanos) -> Vec<TimeRange> {
    let mut found = Vec::new();
    let (mut ago, mut until) = (Duration::ZERO, end);
    while ago < HISTORY {
        let minutes = match ago.as_secs() / 3_600 {
            0 => 1,
            1 => 2,
            _ => 4,
        };
        ago += MINUTE * minutes;
        let start = end.earlier(ago);
        found.push(TimeRange { start, end: until });
        until = start;
    }
    found
}

/// The ids of at most [`MAX_SPANS`] spans' traces, spread over the minutes before `end`; fewer of
/// those that are longer ago. Traces of one minute are chosen by their ids, which are random.
fn sample(listed: Vec<TraceSummary>, end: UnixNanos) -> Vec<TraceId> {
    let mut minutes: BTreeMap<u64, Vec<TraceSummary>> = BTreeMap::new();
    for summary in listed {
        let minute = end.since(summary.start).as_secs() / MINUTE.as_secs();
        minutes.entry(minute).or_default().push(summary);
    }
    let mut longest = 0;
    for traces in minutes.values_mut() {
        traces.sort_unstable_by_key(|summary| summary.trace_id.as_u128().swap_bytes());
        longest = longest.max(traces.len());
    }
    // In each round, at most one trace of each minute, and several of the most recent ones; older
    // minutes sit out some of the rounds.
    let rounds = longest * (1 + HISTORY.as_secs() / MINUTE.as_secs() / THINNING_MINUTES) as usize;
    let in_turn = (0..rounds).flat_map(|round| {
        minutes.iter().flat_map(move |(minute, traces)| {
            let stride = (1 + minute / THINNING_MINUTES) as usize;
            let together = if *minute < RECENT_MINUTES { RECENT_TOGETHER } else { 1 };
            let some = traces.iter().skip(round / stride * together).take(together);
            some.filter(move |_| round.is_multiple_of(stride))
        })
    });
    let chosen = fitting(in_turn.cloned(), MAX_SPANS).traces;
    chosen.iter().map(|summary| summary.trace_id).collect()
}
