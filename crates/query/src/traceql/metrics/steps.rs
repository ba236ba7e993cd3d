//! The steps of a time range.

use std::time::Duration;

use coral_trace::UnixNanos;

use super::{MAX_STEPS, Raw, Sample, Series};
use crate::ask::QueryError;

/// The steps of a time range.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    pub(super) since: UnixNanos,
    pub(super) until: UnixNanos,
    /// Start of the first step, in nanoseconds since the Unix epoch.
    first: u64,
    /// Nanoseconds.
    step: u64,
    pub(super) count: usize,
    /// Whether the samples are at the end of the range.
    is_whole: bool,
}

impl Steps {
    /// Steps that begin at multiples of `step`.
    pub(super) fn aligned(
        since: UnixNanos,
        until: UnixNanos,
        step: Duration,
    ) -> Result<Self, QueryError> {
        check(since, until)?;
        let step = u64::try_from(step.as_nanos()).unwrap_or(u64::MAX);
        if step == 0 {
            return Err(QueryError::invalid("step", "a step takes at least a nanosecond"));
        }
        let first = since.0 - since.0 % step;
        let count = (until.0 - first).div_ceil(step);
        if count > MAX_STEPS {
            let reason = format!(
                "the range has {count} steps, and may have {MAX_STEPS}: ask with a longer step"
            );
            return Err(QueryError::invalid("step", &reason));
        }
        Ok(Self { since, until, first, step, count: count as usize, is_whole: false })
    }

    /// One step over the whole range.
    pub(super) fn whole(since: UnixNanos, until: UnixNanos) -> Result<Self, QueryError> {
        check(since, until)?;
        let step = until.0 - since.0;
        Ok(Self { since, until, first: since.0, step, count: 1, is_whole: true })
    }

    /// The step of a span that started at `start`; `None` outside of the range.
    pub(super) fn of(&self, start: UnixNanos) -> Option<usize> {
        let is_inside = start >= self.since && start < self.until;
        is_inside.then(|| ((start.0 - self.first) / self.step) as usize)
    }

    pub(super) fn seconds(&self) -> f64 {
        self.step as f64 / 1e9
    }

    /// `series` with the times of its samples; NaN is no sample.
    pub(super) fn samples(&self, series: Raw) -> Series {
        let values = series.values.iter().enumerate().filter(|(_, value)| !value.is_nan());
        let samples = values.map(|(at, value)| {
            let nanos =
                if self.is_whole { self.until.0 } else { self.first + at as u64 * self.step };
            Sample { timestamp_ms: (nanos / 1_000_000) as i64, value: *value }
        });
        Series { samples: samples.collect(), labels: series.labels, exemplars: Vec::new() }
    }
}

fn check(since: UnixNanos, until: UnixNanos) -> Result<(), QueryError> {
    if since >= until {
        return Err(QueryError::invalid("until", "the range ends before it starts"));
    }
    Ok(())
}
