//! The pause after a merge, or after a piece of one.

use std::time::Duration;

/// When the next merge may begin.
#[derive(Default)]
pub(crate) struct Pause {
    /// The uptime from which on a merge may begin.
    until: Duration,
}

/// A pause is this multiple of the work before it, so merges take at most a quarter of one core.
const PAUSE_PER_WORK: u32 = 3;
/// The pause after a merge that failed, and between two looks for files to merge.
const FAILURE_PAUSE: Duration = Duration::from_secs(60);
const MIN_PAUSE: Duration = Duration::from_secs(1);

impl Pause {
    pub(crate) fn is_over(&self, uptime: Duration) -> bool {
        uptime >= self.until
    }

    /// Notes that a look for files to merge begins at the uptime `begin`. Without a
    /// [`note`](Self::note), the pause is that after a failure.
    pub(crate) fn begin(&mut self, begin: Duration) {
        self.until = begin + FAILURE_PAUSE;
    }

    /// Notes a look for files to merge, and a merge if there were some, from the uptime `begin` to
    /// the uptime `end`.
    pub(crate) fn note<T, E>(
        &mut self,
        [begin, end]: [Duration; 2],
        outcome: Result<T, E>,
    ) -> Result<T, E> {
        let least = if outcome.is_ok() { MIN_PAUSE } else { FAILURE_PAUSE };
        self.until = end + (end.saturating_sub(begin) * PAUSE_PER_WORK).max(least);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_take_at_most_a_quarter_of_the_time() {
        let second = Duration::from_secs;
        let mut pause = Pause::default();
        assert!(pause.is_over(second(0)));
        pause.note([second(10), second(14)], Ok::<_, ()>(())).unwrap();
        assert!(!pause.is_over(second(25)) && pause.is_over(second(26)));
        pause.note([second(30), second(30)], Ok::<_, ()>(())).unwrap();
        assert!(!pause.is_over(second(30)) && pause.is_over(second(31)));
    }

    #[test]
    fn a_merge_that_panicked_is_repeated_after_a_minute() {
        let mut pause = Pause::default();
        pause.begin(Duration::from_secs(5));
        assert!(!pause.is_over(Duration::from_secs(64)));
        assert!(pause.is_over(Duration::from_secs(65)));
    }

    #[test]
    fn a_merge_that_failed_is_repeated_after_a_minute() {
        let mut pause = Pause::default();
        let times = [Duration::ZERO, Duration::from_secs(1)];
        pause.note(times, Err::<(), _>(())).unwrap_err();
        assert!(!pause.is_over(Duration::from_secs(60)));
        assert!(pause.is_over(Duration::from_secs(61)));
    }
}
