//! Computes how long to wait before Beyla, which has ended, is restarted.

use std::time::Duration;

/// Exponential backoff: the wait before a restart grows from one second to one minute. Starts over
/// after five minutes of uptime.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Backoff {
    /// Number of ends since the last uptime of at least [`HEALTHY_UPTIME`], including the end of
    /// that uptime.
    failures: u32,
}

const MIN_BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(60);
/// An end after at least this uptime resets the number of failures.
const HEALTHY_UPTIME: Duration = Duration::from_secs(300);
/// This many consecutive failures are a crash loop.
const CRASHLOOP_FAILURES: u32 = 3;

impl Backoff {
    /// Counts an end of Beyla after an uptime of `lived`. Returns how long to wait before the next
    /// start.
    pub fn ended(&mut self, lived: Duration) -> Duration {
        if lived >= HEALTHY_UPTIME {
            self.failures = 0;
        }
        let wait = MIN_BACKOFF.saturating_mul(1 << self.failures.min(16)).min(MAX_BACKOFF);
        self.failures += 1;
        wait
    }

    /// Whether Beyla is in a crash loop.
    pub fn is_loop(self) -> bool {
        self.failures >= CRASHLOOP_FAILURES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_to_a_minute_and_five_healthy_minutes_reset_it() {
        let mut backoff = Backoff::default();
        let second = Duration::from_secs(1);
        let waits: Vec<u64> = (0..9).map(|_| backoff.ended(second).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert!(backoff.is_loop());
        assert_eq!(backoff.ended(Duration::from_secs(299)).as_secs(), 60);
        assert_eq!(backoff.ended(Duration::from_secs(600)).as_secs(), 1);
        assert!(!backoff.is_loop());
    }
}
