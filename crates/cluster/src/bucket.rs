//! Buckets: the ten minutes in which a colony received rows. Rows are stored in the order of their
//! buckets, so that a question about a time reads rows of this time only.

use coral_trace::UnixNanos;

/// The length of a bucket in seconds.
pub(crate) const BUCKET_SECONDS: u32 = 600;
/// How far the clock of a host may be ahead of the colony's, in seconds. A span that started later
/// than it was received by more than this is not found by its time.
const CLOCK_TOLERANCE: u32 = 3_600;

/// The bucket of what was received at `received`: the second at which it begins.
pub(crate) fn bucket_of(received: UnixNanos) -> u32 {
    let seconds = u32::try_from(received.0 / 1_000_000_000).unwrap_or(u32::MAX);
    seconds - seconds % BUCKET_SECONDS
}

/// The first bucket that may have a span which started or ended at `time` or later: it was received
/// after that.
pub(crate) fn first_bucket(time: UnixNanos) -> u32 {
    bucket_of(time).saturating_sub(CLOCK_TOLERANCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_ten_minutes_and_a_time_may_be_an_hour_ahead() {
        let at = |seconds: u64| UnixNanos(seconds * 1_000_000_000);
        assert_eq!(bucket_of(at(1_199)), 600);
        assert_eq!(bucket_of(at(1_200)), 1_200);
        assert_eq!(first_bucket(at(7_300)), 3_600);
        assert_eq!(first_bucket(at(0)), 0);
        assert_eq!(bucket_of(UnixNanos::MAX) % BUCKET_SECONDS, 0);
    }
}
