//! At which moments the samples of selectors are.
//!
//! A series has one sample each [`SCRAPE_MS`], at whole multiples of it, as if it were scraped.

use coral_trace::UnixNanos;

use super::error::PromqlError;
use super::question::TimeSpan;
use super::syntax::{At, Selector, Shift, Subquery};

/// The time between two samples of a series, in milliseconds.
pub(super) const SCRAPE_MS: i64 = 15_000;
/// How old the last sample of a series may be: 5 minutes, as in Prometheus.
const LOOKBACK_MS: i64 = 300_000;
/// The largest number of moments at which subqueries within each other are evaluated, each.
const MAX_SUBQUERY_STEPS: usize = 50_000;

/// The moments of a question, in milliseconds since the Unix epoch.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The moments at which the expression is evaluated, rising.
    pub steps: Vec<i64>,
    /// The last moment at which there may be a sample.
    pub now: i64,
    /// The first and the last moment of the question, which `@` may mean. The steps of a subquery are
    /// others.
    pub within: TimeSpan,
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
        let end = self.moment(selector.shift, step);
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

    /// Both ends of the last `range_ms` at the moment `step`, which are inside, as in Prometheus 2.
    pub fn range(&self, range_ms: i64, shift: Shift, step: i64) -> [i64; 2] {
        let end = self.moment(shift, step);
        [end.saturating_sub(range_ms), end]
    }

    /// The moments at which the expression of `subquery` is evaluated: the multiples of its step
    /// within its range at any step.
    ///
    /// # Errors
    /// [`PromqlError::Execution`] if there are too many.
    pub fn of_subquery(&self, subquery: &Subquery) -> Result<Self, PromqlError> {
        let every = subquery.step_ms;
        let mut steps: Vec<i64> = Vec::new();
        for step in &self.steps {
            let [start, end] = self.range(subquery.range_ms, subquery.shift, *step);
            let first = start.saturating_sub(1).div_euclid(every) * every + every;
            let next = steps.last().map_or(first, |last| first.max(last + every));
            let count = end.saturating_sub(next).max(-1).div_euclid(every) + 1;
            if steps.len().saturating_add(count as usize) > MAX_SUBQUERY_STEPS {
                return Err(PromqlError::Execution(format!(
                    "a subquery has more than {MAX_SUBQUERY_STEPS} steps: name a shorter range or a \
                     longer step"
                )));
            }
            steps.extend((0..count).map(|at| next + at * every));
        }
        Ok(Self { steps, ..*self })
    }

    /// The moment at which series are looked at for the value at `step`.
    fn moment(&self, shift: Shift, step: i64) -> i64 {
        let at = match shift.at {
            None => step,
            Some(At::Moment(at)) => at,
            Some(At::Start) => self.within.start,
            Some(At::End) => self.within.end,
        };
        at.saturating_sub(shift.offset_ms)
    }
}

/// A time in milliseconds; the epoch for times before it.
pub(super) fn nanos(millis: i64) -> UnixNanos {
    UnixNanos(u64::try_from(millis).unwrap_or(0).saturating_mul(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(steps: Vec<i64>) -> Plan {
        Plan { steps, now: 1_000_000, within: TimeSpan { start: 0, end: 0 } }
    }

    fn window(range_ms: Option<i64>, step: i64) -> Option<Window> {
        let shift = Shift::default();
        plan(vec![step]).window(&Selector { matchers: Vec::new(), range_ms, shift }, step)
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

    #[test]
    fn a_subquery_is_evaluated_once_at_each_multiple_of_its_step_in_any_range() {
        let subquery = |range_ms| Subquery {
            of: super::super::syntax::Expr::Number(1.0),
            range_ms,
            step_ms: 60_000,
            shift: Shift { at: None, offset_ms: 60_000 },
        };
        let steps = |range_ms, steps: &[i64]| {
            plan(steps.to_vec()).of_subquery(&subquery(range_ms)).map(|plan| plan.steps)
        };
        // Both ends of 60 s to 180 s are inside; the ranges of two steps overlap.
        let found = steps(120_000, &[240_000, 300_000]).unwrap();
        assert_eq!(found, [60_000, 120_000, 180_000, 240_000]);
        assert_eq!(steps(30_000, &[190_000, 400_000]).unwrap(), [120_000]);
        assert_eq!(steps(30_000, &[150_000]).unwrap(), [60_000]);
        assert!(steps(60_000 * 60_000, &[0]).is_err(), "too many steps");
    }
}
