//! When an agent is polled next.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// The limit of the wait between two polls of a failing agent, before the random ±20%. A polling
/// interval above the limit is kept.
pub(super) const MAX_BACKOFF: Duration = Duration::from_secs(60);

/// The times between the polls of one agent.
pub(super) struct Pace {
    agent_id: String,
    every: Duration,
    /// Consecutive failed polls.
    failures: u32,
    polls: u64,
}

impl Pace {
    pub(super) fn new(agent_id: &str, every: Duration) -> Self {
        Self { agent_id: agent_id.to_owned(), every, failures: 0, polls: 0 }
    }

    /// Records a poll that did not fail. Returns whether the poll before failed.
    pub(super) const fn succeeded(&mut self) -> bool {
        let had_failed = self.has_failed();
        (self.failures, self.polls) = (0, self.polls + 1);
        had_failed
    }

    /// Records a failed poll.
    pub(super) const fn failed(&mut self) {
        (self.failures, self.polls) = (self.failures + 1, self.polls + 1);
    }

    /// Whether the last poll failed.
    pub(super) const fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// Time until the next poll of all streams: the polling interval, doubled with each consecutive
    /// failure up to [`MAX_BACKOFF`], ±20%.
    pub(super) fn wait(&self) -> Duration {
        let every = self.every;
        if self.polls == 0 {
            // The first polls of all agents are spread over at most one second.
            return every.min(Duration::from_secs(1)).mul_f64(self.jitter());
        }
        let doubled = every.saturating_mul(1 << self.failures.min(16));
        let base = doubled.min(MAX_BACKOFF.max(every));
        base.mul_f64(0.8 + 0.4 * self.jitter())
    }

    /// Deterministic pseudo-random number in [0, 1) from the agent id and the number of polls.
    fn jitter(&self) -> f64 {
        let mut hasher = DefaultHasher::new();
        (&self.agent_id, self.polls).hash(&mut hasher);
        (hasher.finish() >> 11) as f64 / (1u64 << 53) as f64
    }
}
