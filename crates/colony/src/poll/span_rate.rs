//! The rate at which spans of an agent are stored.

use std::collections::VecDeque;
use std::time::Duration;

use coral_trace::UnixNanos;

/// How many spans were stored over the last minute.
#[derive(Default)]
pub(super) struct SpanRate {
    /// Times, and the total of stored spans at each, oldest first.
    samples: VecDeque<(UnixNanos, u64)>,
}

/// The period that a rate covers.
const WINDOW: Duration = Duration::from_secs(60);
/// The minimum time between samples, which limits their number.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);

impl SpanRate {
    /// Adds a sample: `stored` spans in total at `now`.
    pub(super) fn add(&mut self, now: UnixNanos, stored: u64) {
        // One sample from before the window is kept, as the start of the window.
        while self.samples.get(1).is_some_and(|(time, _)| now.since(*time) >= WINDOW) {
            self.samples.pop_front();
        }
        let newest = self.samples.back();
        if newest.is_none_or(|(time, _)| now.since(*time) >= SAMPLE_INTERVAL) {
            self.samples.push_back((now, stored));
        }
    }

    /// Spans stored per second, over the window that ends at `now`. `None` when there are no two
    /// samples, or when the newest is older than the window.
    pub(super) fn per_second(&self, now: UnixNanos) -> Option<f64> {
        let ((begin, before), (end, after)) = (self.samples.front()?, self.samples.back()?);
        let seconds = end.since(*begin).as_secs_f64();
        let is_current = now.since(*end) < WINDOW;
        (is_current && seconds > 0.0).then(|| after.saturating_sub(*before) as f64 / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixNanos {
        UnixNanos(seconds * 1_000_000_000)
    }

    #[test]
    fn the_rate_covers_the_last_minute_and_is_none_without_recent_polls() {
        let mut rate = SpanRate::default();
        assert_eq!(rate.per_second(at(0)), None);
        rate.add(at(0), 1_000);
        assert_eq!(rate.per_second(at(0)), None);
        for second in 1..=30 {
            rate.add(at(second), 1_000 + 10 * second);
        }
        assert_eq!(rate.per_second(at(30)), Some(10.0));
        for second in 31..=120 {
            rate.add(at(second), 1_300);
        }
        assert_eq!(rate.per_second(at(120)), Some(0.0));
        assert_eq!(rate.per_second(at(181)), None);
    }

    #[test]
    fn polls_in_quick_succession_do_not_add_samples_without_limit() {
        let mut rate = SpanRate::default();
        for tenth in 0..10_000 {
            rate.add(UnixNanos(tenth * 100_000_000), tenth);
        }
        assert!(rate.samples.len() <= 62, "{}", rate.samples.len());
    }
}
