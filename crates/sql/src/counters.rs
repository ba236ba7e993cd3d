//! What became of the questions in SQL.

use std::sync::atomic::{AtomicU64, Ordering};

/// How each question ended, since the process started.
#[derive(Debug, Default)]
pub struct SqlCounters {
    answered: AtomicU64,
    cut: AtomicU64,
    failed: AtomicU64,
    abandoned: AtomicU64,
    busy: AtomicU64,
}

/// How a question ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ended {
    /// With all of its answer.
    Answered,
    /// With an answer that a limit of rows or bytes cut.
    Cut,
    /// With an error.
    Failed,
    /// Its asker went, or took too long.
    Abandoned,
    /// No place became free for it.
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

    /// Names and values.
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
