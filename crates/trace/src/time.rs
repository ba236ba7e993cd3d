//! Points and ranges in time.

use std::time::Duration;

/// Nanoseconds since the Unix epoch, UTC, as in OTLP.
///
/// The time columns of `coral-store` hold microseconds, and another column holds the remaining
/// digits, so no nanosecond is lost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct UnixNanos(pub u64);

/// A half-open time range: `start` is inside, `end` is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeRange {
    /// First instant inside.
    pub start: UnixNanos,
    /// First instant outside.
    pub end: UnixNanos,
}

impl UnixNanos {
    /// The last instant that can be represented.
    pub const MAX: Self = Self(u64::MAX);

    /// Microseconds since the epoch, rounded down. Never negative.
    pub const fn as_micros(self) -> i64 {
        (self.0 / 1_000) as i64
    }

    /// The instant `micros` microseconds after the epoch; the epoch itself for negative numbers.
    pub const fn from_micros(micros: i64) -> Self {
        Self((if micros < 0 { 0 } else { micros as u64 }).saturating_mul(1_000))
    }

    /// The instant `secs` seconds after the epoch; the epoch itself for negative numbers.
    pub const fn from_secs(secs: i64) -> Self {
        Self((if secs < 0 { 0 } else { secs as u64 }).saturating_mul(1_000_000_000))
    }

    /// The instant `by` earlier, but not before the epoch.
    pub fn earlier(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(by)))
    }

    /// The instant `by` later, but not after [`Self::MAX`].
    pub fn later(self, by: Duration) -> Self {
        Self(self.0.saturating_add(nanos(by)))
    }

    /// The time from `earlier` to this instant; zero if this instant is before `earlier`.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl TimeRange {
    /// The range of all instants.
    pub const ALL: Self = Self { start: UnixNanos(0), end: UnixNanos::MAX };

    /// Whether `instant` is in the range.
    pub fn contains(&self, instant: UnixNanos) -> bool {
        self.start <= instant && instant < self.end
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_contains_its_start_but_not_its_end() {
        let range = TimeRange { start: UnixNanos(10), end: UnixNanos(20) };
        assert!(range.contains(UnixNanos(10)) && range.contains(UnixNanos(19)));
        assert!(!range.contains(UnixNanos(9)) && !range.contains(UnixNanos(20)));
    }

    #[test]
    fn arithmetic_saturates_at_the_first_and_the_last_instant() {
        assert_eq!(UnixNanos(5).earlier(Duration::from_secs(1)), UnixNanos(0));
        assert_eq!(UnixNanos::MAX.later(Duration::MAX), UnixNanos::MAX);
        assert_eq!(UnixNanos::from_micros(-1), UnixNanos(0));
        assert_eq!(UnixNanos(1).since(UnixNanos(2)), Duration::ZERO);
    }
}
