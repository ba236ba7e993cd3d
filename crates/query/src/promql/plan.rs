//! At which moments the samples of selectors are.
//!
//! A series has one sample each [`SCRAPE_MS`], at whole multiples of it, as if it were scraped. Only
//! the samples are computed that some selector needs.

use coral_trace::UnixNanos;

use super::syntax::{Expr, Selector};
use crate::span_metrics::Moments;

/// The time between two samples of a series, in milliseconds.
pub(super) const SCRAPE_MS: i64 = 15_000;
/// How old the last sample of a series may be: 5 minutes, as in Prometheus.
const LOOKBACK_MS: i64 = 300_000;
/// Counters of selectors without a range begin at midnight UTC.
const DAY_MS: i64 = 86_400_000;

/// The moments of a question, in milliseconds since the Unix epoch.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The moments at which the expression is evaluated, rising.
    pub steps: Vec<i64>,
    /// The last moment at which there may be a sample.
    pub now: i64,
}

/// The first and the last sample of a selector at one step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Window {
    /// The beginning of the range, which is inside, as in Prometheus 2; without a range, the time after
    /// which a sample counts.
    pub start: i64,
    /// The end of the range, which is inside.
    pub end: i64,
    pub first: i64,
    pub last: i64,
}

impl Window {
    /// How many samples there are, less one.
    pub fn intervals(self) -> i64 {
        (self.last - self.first) / SCRAPE_MS
    }
}

impl Plan {
    /// The samples of `selector` at the moment `step`; `None` if there are none.
    pub fn window(&self, selector: &Selector, step: i64) -> Option<Window> {
        let end = step.saturating_sub(selector.offset_ms);
        let last = end.min(self.now).div_euclid(SCRAPE_MS) * SCRAPE_MS;
        let lookback = selector.range_ms.unwrap_or(LOOKBACK_MS);
        let start = end.saturating_sub(lookback);
        let first = match selector.range_ms {
            Some(_) => start.saturating_sub(1).div_euclid(SCRAPE_MS) * SCRAPE_MS + SCRAPE_MS,
            None => last,
        };
        let is_stale = selector.range_ms.is_none() && last <= start;
        if is_stale || last < first || last < SCRAPE_MS {
            return None;
        }
        Some(Window { start, end, first: first.max(SCRAPE_MS), last })
    }

    /// The moments that the selectors of `expr` need, and when counters begin: at the earliest
    /// beginning of a range. With a selector without a range, at midnight UTC before, so that the
    /// answers of a day have the same counters.
    pub fn moments(&self, expr: &Expr) -> Moments {
        let mut at: Vec<i64> = Vec::new();
        let mut since = i64::MAX;
        let mut is_raw = false;
        expr.selectors(&mut |selector| {
            is_raw |= selector.range_ms.is_none();
            for window in self.steps.iter().filter_map(|step| self.window(selector, *step)) {
                since = since.min(match selector.range_ms {
                    Some(_) => window.start,
                    None => window.last - SCRAPE_MS,
                });
                at.extend([window.first, window.last - SCRAPE_MS, window.last]);
            }
        });
        at.sort_unstable();
        at.dedup();
        if is_raw && since != i64::MAX {
            since = since.div_euclid(DAY_MS) * DAY_MS;
        }
        let since = if since == i64::MAX { 0 } else { since };
        at.retain(|moment| *moment > since);
        Moments { since: nanos(since), at: at.into_iter().map(nanos).collect() }
    }
}

/// A time in milliseconds; the epoch for times before it.
pub(super) fn nanos(millis: i64) -> UnixNanos {
    UnixNanos(u64::try_from(millis).unwrap_or(0).saturating_mul(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(range_ms: Option<i64>, step: i64) -> Option<Window> {
        let plan = Plan { steps: vec![step], now: 1_000_000 };
        plan.window(&Selector { matchers: Vec::new(), range_ms, offset_ms: 0 }, step)
    }

    #[test]
    fn the_samples_of_a_range_include_its_start_and_its_end() {
        let found = window(Some(60_000), 300_000).unwrap();
        assert_eq!((found.first, found.last, found.intervals()), (240_000, 300_000, 4));
        let found = window(Some(60_000), 307_000).unwrap();
        assert_eq!((found.first, found.last, found.intervals()), (255_000, 300_000, 3));
        assert_eq!(window(Some(10_000), 312_000), None, "no sample is in the range");
    }

    #[test]
    fn the_last_sample_is_at_most_five_minutes_old() {
        assert_eq!(window(None, 1_100_000).map(|found| found.last), Some(990_000));
        assert_eq!(window(None, 990_000 + LOOKBACK_MS), None);
    }
}
