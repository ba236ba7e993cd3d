//! When a change began, from a sample of the traces of the last hours, and from their RED metrics.

mod by_metrics;

use std::collections::BTreeMap;
use std::time::Duration;

use coral_engine::{Columns, EngineError, StoredSpan, TraceQuery, TraceSummary};
use coral_trace::explain::{self, Beginning, Entry};
use coral_trace::{Span, TimeRange, TraceId, UnixNanos, side_by_side};

use crate::cohort::by_trace;
use crate::coverage::{self, TracesOf};
use crate::reader::Reader;
use crate::sample::{OVERSIZED_IN_COHORT, fitting};

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
/// So many minutes before and after an old beginning are searched once more, for its exact time.
const NEAR_MINUTES: u64 = 30;

impl Reader<'_> {
    /// When the change for the worse began, before `until`, that is in the traces with spans that
    /// match `entry`, or in their metrics; `None` when there is none. Of two changes, the one that
    /// stands out more from what is usual.
    pub(crate) fn beginning(
        &self,
        entry: Entry<'_>,
        until: UnixNanos,
    ) -> Result<Option<UnixNanos>, EngineError> {
        let end = until.min(self.from.now.earlier(SETTLING));
        let rest = TimeRange { start: end, end: until.max(end) };
        let (by_traces, by_metrics) = side_by_side(
            || self.beginning_by_traces(entry, rest),
            || self.beginning_by_metrics(entry, rest),
        );
        let clearest = [by_traces?, by_metrics?]
            .into_iter()
            .flatten()
            .max_by(|one, other| one.clearness.total_cmp(&other.clearness));
        Ok(clearest.map(|found| found.time))
    }

    /// When the change began, by a sample of the traces that started before `rest`.
    fn beginning_by_traces(
        &self,
        entry: Entry<'_>,
        rest: TimeRange,
    ) -> Result<Option<Beginning>, EngineError> {
        let end = rest.start;
        let mut listed = by_minute(self.listed(entry.service, end)?, end);
        let all: usize = listed.values().map(Vec::len).sum();
        let ids = sample(&listed, Spread::Recent);
        let has_all = ids.len() == all;
        let found = self.beginning_of(entry, ids, rest)?;
        if found.is_some() || has_all {
            return Ok(found);
        }
        let Some(began) = self.beginning_of(entry, sample(&listed, Spread::Even), rest)? else {
            return Ok(None);
        };
        // A sample of a few traces a minute does not have the first of a few failures.
        let minute = end.since(began.time).as_secs() / MINUTE.as_secs();
        let near = minute.saturating_sub(NEAR_MINUTES)..=minute + NEAR_MINUTES;
        listed.retain(|minute, _| near.contains(minute));
        let exact = self.beginning_of(entry, sample(&listed, Spread::Even), rest)?;
        Ok(exact.or(Some(began)))
    }

    /// When the change began that is in the traces with these `ids`, which started in the history
    /// before `rest`, the part of the window that is too young to be searched.
    fn beginning_of(
        &self,
        entry: Entry<'_>,
        ids: Vec<TraceId>,
        rest: TimeRange,
    ) -> Result<Option<Beginning>, EngineError> {
        let Entry { service, operation } = entry;
        // A route is an attribute; everything else that is compared is not.
        let columns = operation.map_or(Columns::CORE, |_| Columns::ATTRIBUTES);
        let spans = self.stored_spans(&ids, None, columns, MAX_SPANS as u32)?;
        let mut traces = by_trace(spans);
        let history = TimeRange { start: rest.start.earlier(HISTORY), end: rest.start };
        let coverage = self.coverage_of(
            service,
            TracesOf { range: history, traces: &traces },
            TracesOf { range: rest, traces: &[] },
        )?;
        coverage::leave_out(&coverage, &mut traces);
        let spans = |trace: Vec<StoredSpan>| trace.into_iter().map(|stored| stored.span).collect();
        let traces: Vec<Vec<Span>> = traces.into_iter().map(spans).collect();
        Ok(explain::onset(traces.iter().map(Vec::as_slice), entry))
    }

    /// Traces of the history that ends at `end`.
    fn listed(
        &self,
        service: Option<&str>,
        end: UnixNanos,
    ) -> Result<Vec<TraceSummary>, EngineError> {
        let query = |started, limit| TraceQuery {
            started,
            services: service.map(str::to_owned).into_iter().collect(),
            ..TraceQuery::newest(limit)
        };
        let history = TimeRange { start: end.earlier(HISTORY), end };
        let all = self.search(&query(history, MAX_LISTED))?;
        if all.len() < MAX_LISTED as usize {
            return Ok(all);
        }
        let intervals = intervals(end);
        let each = |intervals: &[TimeRange]| {
            let queries = intervals.iter().map(|interval| query(*interval, MAX_PER_INTERVAL));
            self.search_each(&queries.collect::<Vec<_>>())
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

/// How a sample of traces is spread over the history.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spread {
    /// More traces of recent minutes, which show a change that has just begun.
    Recent,
    /// As many traces of each minute, which show a change that began hours ago: the part of the
    /// history before the change has as much data as the part after it.
    Even,
}

impl Spread {
    /// In how many rounds one trace is chosen of a minute, and how many are chosen together.
    fn of_minute(self, minute: u64) -> (usize, usize) {
        match self {
            Self::Even => (1, 1),
            Self::Recent if minute < RECENT_MINUTES => (1, RECENT_TOGETHER),
            Self::Recent => ((1 + minute / THINNING_MINUTES) as usize, 1),
        }
    }
}

/// Traces by the minutes to `end`. Those of one minute are in the order of their ids, which is
/// random.
fn by_minute(listed: Vec<TraceSummary>, end: UnixNanos) -> BTreeMap<u64, Vec<TraceSummary>> {
    let mut minutes: BTreeMap<u64, Vec<TraceSummary>> = BTreeMap::new();
    for summary in listed {
        let minute = end.since(summary.start).as_secs() / MINUTE.as_secs();
        minutes.entry(minute).or_default().push(summary);
    }
    for traces in minutes.values_mut() {
        traces.sort_unstable_by_key(|summary| summary.trace_id.as_u128().swap_bytes());
    }
    minutes
}

/// The ids of traces with at most [`MAX_SPANS`] spans, spread over the minutes.
fn sample(minutes: &BTreeMap<u64, Vec<TraceSummary>>, spread: Spread) -> Vec<TraceId> {
    let rounds = minutes.iter().map(|(minute, traces)| {
        let (stride, together) = spread.of_minute(*minute);
        traces.len().div_ceil(together) * stride
    });
    // Minutes of which fewer traces are chosen sit out some of the rounds.
    let in_turn = (0..rounds.max().unwrap_or_default()).flat_map(|round| {
        minutes.iter().flat_map(move |(minute, traces)| {
            let (stride, together) = spread.of_minute(*minute);
            let some = traces.iter().skip(round / stride * together).take(together);
            some.filter(move |_| round.is_multiple_of(stride))
        })
    });
    let chosen = fitting(in_turn.cloned(), MAX_SPANS, OVERSIZED_IN_COHORT).traces;
    chosen.iter().map(|summary| summary.trace_id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many traces are chosen of each of these minutes before the end of 480, of which each has
    /// `each` traces of 20 spans.
    fn chosen<const N: usize>(spread: Spread, each: u64, minutes: [u64; N]) -> [usize; N] {
        let end = UnixNanos(480 * 60 * 1_000_000_000);
        let summary = |(minute, number): (u64, u64)| TraceSummary {
            trace_id: TraceId::try_from((u128::from(minute) << 32) + u128::from(number) + 1)
                .unwrap(),
            start: end.earlier(MINUTE * minute as u32 + Duration::from_secs(30)),
            duration_us: 0,
            spans: 20,
            errors: 0,
            services: Vec::new(),
            root_service: None,
            root_name: String::new(),
            status_code: None,
        };
        let all = (0..480).flat_map(|minute| (0..each).map(move |number| (minute, number)));
        let ids = sample(&by_minute(all.map(summary).collect(), end), spread);
        let of =
            |minute: u64| ids.iter().filter(|id| id.as_u128() >> 32 == u128::from(minute)).count();
        assert!(ids.len() as u64 * 20 <= MAX_SPANS);
        minutes.map(of)
    }

    #[test]
    fn a_recent_sample_has_most_traces_of_the_last_minutes_and_an_even_one_as_many_of_each() {
        let [newest, recent, old] = chosen(Spread::Recent, 40, [0, 30, 450]);
        assert!(newest > 2 * recent && recent > 2 * old && old > 0, "{newest} {recent} {old}");
        let [newest, recent, old] = chosen(Spread::Even, 40, [0, 30, 450]);
        assert!(newest == recent && recent - old <= 1 && old > 0, "{newest} {recent} {old}");
        // What has room is chosen whole.
        assert_eq!(chosen(Spread::Recent, 2, [0, 30, 450]), [2; 3]);
    }
}
