//! State that one round of maintenance passes to the next.

use std::sync::Weak;
use std::time::Duration;

use crate::segment::Segment;

/// State that one round of maintenance passes to the next.
#[derive(Default)]
pub(crate) struct Maintenance {
    /// The uptime at the last measurement of the directory.
    pub(crate) measured: Option<Duration>,
    /// Removed segments, and their sizes in bytes. A removed segment uses the disk as long as a
    /// reader holds it.
    pub(crate) retired: Vec<(Weak<Segment>, u64)>,
    pub(crate) backoff: Backoff,
}

/// When a failed seal is tried again.
#[derive(Default)]
pub(crate) struct Backoff {
    failures: u32,
    /// The uptime from which a seal may be tried again.
    until: Duration,
}

/// The wait after a failed seal. Each further failure doubles the wait, up to
/// [`MAX_SEAL_BACKOFF`].
const MIN_SEAL_BACKOFF: Duration = Duration::from_secs(1);
const MAX_SEAL_BACKOFF: Duration = Duration::from_secs(60);

impl Backoff {
    pub(crate) fn is_over(&self, uptime: Duration) -> bool {
        self.failures == 0 || uptime >= self.until
    }

    /// Records the result of a seal that ended at `uptime`, and returns the result.
    pub(crate) fn note<T, E>(&mut self, uptime: Duration, outcome: Result<T, E>) -> Result<T, E> {
        if outcome.is_ok() {
            *self = Self::default();
        } else {
            let wait = MIN_SEAL_BACKOFF.saturating_mul(1 << self.failures.min(6));
            self.until = uptime + wait.min(MAX_SEAL_BACKOFF);
            self.failures += 1;
        }
        outcome
    }
}
