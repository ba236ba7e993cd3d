//! What one round of maintenance leaves to the next.

use std::sync::Weak;
use std::time::Duration;

use crate::segment::Segment;

/// What one round of maintenance leaves to the next.
#[derive(Default)]
pub(crate) struct Maintenance {
    /// The uptime at which the directory was measured.
    pub(crate) measured: Option<Duration>,
    /// Segments that were let go, and their bytes: on the disk as long as a reader holds them.
    pub(crate) retired: Vec<(Weak<Segment>, u64)>,
    pub(crate) backoff: Backoff,
}

/// When a failed seal is tried again.
#[derive(Default)]
pub(crate) struct Backoff {
    failures: u32,
    /// By the uptime.
    until: Duration,
}

/// After a failed seal the next try waits, first so long, then twice as long each time.
const MIN_SEAL_BACKOFF: Duration = Duration::from_secs(1);
const MAX_SEAL_BACKOFF: Duration = Duration::from_secs(60);

impl Backoff {
    pub(crate) fn is_over(&self, uptime: Duration) -> bool {
        self.failures == 0 || uptime >= self.until
    }

    /// Notes how a seal ended.
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
