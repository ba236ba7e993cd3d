//! Counters of questions in SQL, by outcome.

use std::sync::atomic::{AtomicU64, Ordering};

/// Number of questions by outcome, since the start of the process.
#[derive(Debug, Default)]
pub struct SqlCounters {
    answered: AtomicU64,
    cut: AtomicU64,
    failed: AtomicU64,
    abandoned: AtomicU64,
    busy: AtomicU64,
}

/// Outcome of a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ended {
    /// The answer is complete.
    Answered,
    /// A limit of rows or bytes cut the answer.
    Cut,
    /// The question failed.
    Failed,
    /// The client went away, or read too slowly.
    Abandoned,
    /// Too many other questions were running.
    Busy,
}

impl SqlCounters {
    pub(super) fn count(&self, ended: Ended) {
        let counter = match ended {
            Ended::Answered => &self.answered,
            Ended::Cut => &self.cut,
            Ended::Failed => &self.failed,
            Ended::Abandoned => &self.abandoned,
            Ended::Busy => &self.busy,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Names and values of the counters.
    pub fn snapshot(&self) -> [(String, u64); 5] {
        [
            ("answered", &self.answered),
            ("cut", &self.cut),
            ("failed", &self.failed),
            ("abandoned", &self.abandoned),
            ("busy", &self.busy),
        ]
        .map(|(name, count)| {
            (format!("coral.colony.sql.requests.{name}"), count.load(Ordering::Relaxed))
        })
    }
}
