//! Which traces of a time range are read when there are more than the limits allow.

use coral_engine::{EngineError, TraceSummary};
use coral_trace::{TimeRange, UnixNanos};

/// The number of intervals of equal length into which a time range is divided, if the range has
/// more traces than are read. The newest traces of each interval are read.
pub(crate) const INTERVALS: u32 = 20;
/// A trace is oversized if it has more than this part of the spans that are read: a twentieth of a
/// cohort, and a quarter of what is read of an interval or beside a trace, which is a twentieth of a
/// cohort itself.
pub(crate) const OVERSIZED_IN_COHORT: u64 = 20;
pub(crate) const OVERSIZED_IN_INTERVAL: u64 = 4;

/// Traces that are read.
pub(crate) struct Sample {
    pub(crate) traces: Vec<TraceSummary>,
    /// Traces that are not read because of their size.
    pub(crate) oversized: Vec<TraceSummary>,
    /// Whether traces are not read because the spans of others reach the limit.
    pub(crate) is_full: bool,
}

/// The first of the traces in `found` that together have at most `max_spans` spans. A trace with more
/// than one part in `oversized_part` of these is oversized. The first trace
/// that does not fit ends the sample, so that short traces are not preferred. Oversized traces take
/// only what the others leave: one of them would otherwise take the place of all others.
pub(crate) fn fitting(
    found: impl IntoIterator<Item = TraceSummary>,
    max_spans: u64,
    oversized_part: u64,
) -> Sample {
    let mut sample = Sample { traces: Vec::new(), oversized: Vec::new(), is_full: false };
    let (mut left, mut large) = (max_spans, Vec::new());
    for summary in found {
        if summary.spans > max_spans / oversized_part {
            large.push(summary);
            continue;
        }
        let Some(rest) = left.checked_sub(summary.spans) else {
            sample.is_full = true;
            break;
        };
        left = rest;
        sample.traces.push(summary);
    }
    for summary in large {
        match left.checked_sub(summary.spans).filter(|_| !sample.is_full) {
            Some(rest) => {
                left = rest;
                sample.traces.push(summary);
            }
            None => sample.oversized.push(summary),
        }
    }
    sample
}

impl Sample {
    /// Whether the sample lacks any of the traces that were found.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_full || !self.oversized.is_empty()
    }
}

/// Searches each of the intervals of `range` with the same limit, which divides `max_traces` among
/// them. The results are in order of time.
pub(crate) fn spread<T>(
    range: TimeRange,
    max_traces: u32,
    mut search: impl FnMut(TimeRange, u32) -> Result<T, EngineError>,
) -> Result<Vec<T>, EngineError> {
    intervals(range).map(|interval| search(interval, max_traces / INTERVALS)).collect()
}

/// Divides `range` into [`INTERVALS`] intervals.
pub(crate) fn intervals(range: TimeRange) -> impl Iterator<Item = TimeRange> {
    let (start, length) = (range.start.0, range.end.0.saturating_sub(range.start.0));
    let at = move |index: u32| UnixNanos(start + length / u64::from(INTERVALS) * u64::from(index));
    (0..INTERVALS).map(move |index| TimeRange {
        start: at(index),
        end: if index + 1 == INTERVALS { range.end } else { at(index + 1) },
    })
}

#[cfg(test)]
mod tests {
    use coral_trace::TraceId;

    use super::*;

    fn check(sizes: &[u64], max_spans: u64, [read, oversized]: [&[u64]; 2], is_full: bool) {
        let summary = |(id, spans): (u128, &u64)| TraceSummary {
            trace_id: TraceId::try_from(id).unwrap(),
            start: UnixNanos(0),
            duration_us: 0,
            spans: *spans,
            errors: 0,
            services: Vec::new(),
            root_service: None,
            root_name: String::new(),
            status_code: None,
        };
        let sample = fitting((1..).zip(sizes).map(summary), max_spans, OVERSIZED_IN_COHORT);
        let sizes = |of: &[TraceSummary]| of.iter().map(|trace| trace.spans).collect::<Vec<_>>();
        assert_eq!((&*sizes(&sample.traces), &*sizes(&sample.oversized)), (read, oversized));
        assert_eq!(sample.is_full, is_full);
    }

    #[test]
    fn an_oversized_trace_does_not_take_the_place_of_others() {
        check(&[10, 5_000, 10, 10], 1_000, [&[10, 10, 10], &[5_000]], false);
        check(&[900, 300, 10], 1_000, [&[10, 900], &[300]], false);
        check(&[5_000], 1_000, [&[], &[5_000]], false);
        let small = [50; 20];
        check(&[&[999][..], &small].concat(), 1_000, [&small, &[999]], false);
    }

    #[test]
    fn a_sample_ends_at_its_limit_and_does_not_prefer_short_traces() {
        check(&[50; 21], 1_000, [&[50; 20], &[]], true);
        let nearly = [49; 20];
        check(&[&nearly[..], &[30, 1]].concat(), 1_000, [&nearly, &[]], true);
        check(&[1, 2, 3], 1_000, [&[1, 2, 3], &[]], false);
        check(&[], 1_000, [&[], &[]], false);
    }
}
