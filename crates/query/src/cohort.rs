//! Cohorts: the whole traces of a window that are compared with those of another one.

use coral_engine::{Columns, EngineError, Order, TraceQuery, TraceSummary};
use coral_trace::{Span, TimeRange, TraceId, UnixNanos};

use crate::reader::Reader;

/// Traces of the window, and of the baseline, that are looked at.
const MAX_TRACES: u32 = 2_000;
/// Where there are more, the newest of each of so many parts of the window are.
const PARTS: u32 = 20;
/// Spans of each that are read.
pub(crate) const MAX_SPANS: u64 = 100_000;

/// Whole traces.
#[derive(Default)]
pub(crate) struct Cohort {
    pub(crate) traces: Vec<Vec<Span>>,
    /// Whether traces of the window were left out, because there are more than are read.
    pub(crate) cut: bool,
}

/// What is compared of spans: attributes say whom they call, and what those that are slow have in common, for which
/// resources count too.
pub(crate) fn compared_columns() -> Columns {
    Columns::ATTRIBUTES | Columns::ORIGIN
}

impl Reader<'_> {
    /// Traces with a span of `service` that started in each of two windows, read side by side.
    pub(crate) fn cohorts(
        &self,
        service: Option<&str>,
        window: TimeRange,
        before: TimeRange,
    ) -> Result<(Cohort, Cohort), EngineError> {
        let (window, baseline) = side_by_side(
            || self.cohort(service, None, window),
            || self.cohort(service, None, before),
        );
        Ok((window?, baseline?))
    }

    /// Traces with a span of `service`, and of that name, that started in `started`.
    pub(crate) fn cohort(
        &self,
        service: Option<&str>,
        name: Option<&str>,
        started: TimeRange,
    ) -> Result<Cohort, EngineError> {
        let search = |started, limit| {
            self.search(&TraceQuery {
                started,
                services: service.map(str::to_owned).into_iter().collect(),
                name: name.map(str::to_owned),
                order: Order::Newest,
                ..TraceQuery::newest(limit)
            })
        };
        const OF_EACH: usize = (MAX_TRACES / PARTS) as usize;
        let of_parts = parts(started, PARTS)
            .map(|part| search(part, MAX_TRACES / PARTS + 1))
            .collect::<Result<Vec<_>, _>>()?;
        let mut cut = of_parts.iter().any(|part| part.len() > OF_EACH);
        let mut found: Vec<TraceSummary> =
            of_parts.into_iter().flat_map(|part| part.into_iter().take(OF_EACH)).collect();
        if cut && found.len() < MAX_TRACES as usize {
            // Not evenly spread: there may be room for all of them.
            let all = search(started, MAX_TRACES + 1)?;
            cut = all.len() > MAX_TRACES as usize;
            found = if cut { found } else { all };
        }
        cut |= thin_out(&mut found);
        // All at once: traces that lie in one page of a segment are read together.
        let ids: Vec<TraceId> = found.iter().map(|summary| summary.trace_id).collect();
        let spans = self.spans(&ids, None, compared_columns(), MAX_SPANS as u32)?;
        let lengths: Vec<usize> =
            spans.chunk_by(|one, next| one.trace_id == next.trace_id).map(<[Span]>::len).collect();
        let mut spans = spans.into_iter();
        let traces = lengths.into_iter().map(|length| spans.by_ref().take(length).collect());
        Ok(Cohort { traces: traces.collect(), cut })
    }
}

/// What both make, each in a thread of its own.
pub(crate) fn side_by_side<A, B: Send>(
    one: impl FnOnce() -> A,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    std::thread::scope(|scope| {
        let other = scope.spawn(other);
        let one = one();
        (one, other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// That many equal parts.
pub(crate) fn parts(started: TimeRange, parts: u32) -> impl Iterator<Item = TimeRange> {
    let (start, length) = (started.start.0, started.end.0.saturating_sub(started.start.0));
    let at = move |part: u32| UnixNanos(start + length / u64::from(parts) * u64::from(part));
    (0..parts).map(move |part| TimeRange {
        start: at(part),
        end: if part + 1 == parts { started.end } else { at(part + 1) },
    })
}

/// Keeps traces of [`MAX_SPANS`] together, chosen by their ids, which are random; says whether that left any out.
fn thin_out(found: &mut Vec<TraceSummary>) -> bool {
    let all = found.len();
    if found.iter().map(|summary| summary.spans).sum::<u64>() > MAX_SPANS {
        // Ids of 64 bits lie in the lower half.
        found.sort_unstable_by_key(|summary| summary.trace_id.as_u128().swap_bytes());
        let mut spans = 0;
        let kept = found.iter().take_while(|summary| {
            spans += summary.spans;
            spans <= MAX_SPANS
        });
        let kept = kept.count();
        // One that is longer than all that may be read is still the only one there is.
        found.truncate(kept.max(1));
        found.sort_unstable_by_key(|summary| std::cmp::Reverse(summary.start));
    }
    found.len() < all
}

pub(crate) fn range(since: i64, until: i64) -> TimeRange {
    TimeRange { start: UnixNanos::from_micros(since), end: UnixNanos::from_micros(until) }
}
