//! How long until a Beyla that ended is started again.

use std::time::Duration;

/// Doubles from one second to a minute; a Beyla that was well for five minutes starts anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Backoff {
    /// Ends since it was last well.
    failures: u32,
}

const FIRST: Duration = Duration::from_secs(1);
const LAST: Duration = Duration::from_secs(60);
/// Who lived as long as this was well.
const WELL: Duration = Duration::from_secs(300);
/// So many ends in a row are a loop.
const LOOP: u32 = 3;

impl Backoff {
    /// Counts an end after `lived`. Returns how long to wait.
    pub fn ended(&mut self, lived: Duration) -> Duration {
        if lived >= WELL {
            self.failures = 0;
        }
        let wait = FIRST.saturating_mul(1 << self.failures.min(16)).min(LAST);
        self.failures += 1;
        wait
    }

    /// Whether it ends again and again.
    pub fn is_loop(self) -> bool {
        self.failures >= LOOP
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
