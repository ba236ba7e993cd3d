//! Budgets: what one question may cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What one question may cost in time, rows and bytes, and whether its client still waits.
///
/// An engine calls [`check`](Self::check) between pieces of work of a few milliseconds, such as a
/// row group, a file or a trace. For pieces as small as one row, use a [`Pace`]. A call of `check`
/// costs a relaxed atomic load and a read of the clock.
///
/// One question may take several reads, also on several threads. All of them share the question's
/// budget.
#[derive(Debug)]
pub struct Budget {
    deadline: Option<Instant>,
    max_rows: u64,
    max_bytes: u64,
    rows: AtomicU64,
    bytes: AtomicU64,
    cancelled: Arc<AtomicBool>,
}

/// Why a question ended without an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BudgetError {
    /// The deadline has passed. A narrower question may succeed.
    #[error("the question took longer than it may")]
    Deadline,
    /// The client no longer waits for the answer.
    #[error("the question was cancelled")]
    Cancelled,
    /// The question read more rows than the budget allows. A narrower question may succeed.
    #[error("the question reads more than {limit} rows")]
    Rows {
        /// The largest number of rows that the question may read.
        limit: u64,
    },
    /// The question read more bytes than the budget allows. A narrower question may succeed.
    #[error("the question reads more than {limit} bytes")]
    Bytes {
        /// The largest number of bytes that the question may read.
        limit: u64,
    },
}

/// Cancels a question on drop. Held by the code that waits for the answer.
#[derive(Debug)]
#[must_use = "dropping it cancels the question"]
pub struct CancelOnDrop(Arc<AtomicBool>);

/// Checks a budget in a loop of short iterations: once per [`Pace::ROUNDS`] iterations.
#[derive(Debug)]
pub struct Pace<'a> {
    budget: &'a Budget,
    left: u32,
}

impl Budget {
    /// A budget without limits. It can be cancelled.
    pub fn unlimited() -> Self {
        Self {
            deadline: None,
            max_rows: u64::MAX,
            max_bytes: u64::MAX,
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            cancelled: Arc::default(),
        }
    }

    /// The same budget with a deadline `timeout` from now.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        // If the deadline is beyond the range of the clock, there is no deadline.
        Self { deadline: Instant::now().checked_add(timeout), ..self }
    }

    /// The same budget with a limit on the rows that [`count_rows`](Self::count_rows) counts.
    #[must_use]
    pub fn with_max_rows(self, max_rows: u64) -> Self {
        Self { max_rows, ..self }
    }

    /// The same budget with a limit on the bytes that [`count_bytes`](Self::count_bytes) counts.
    #[must_use]
    pub fn with_max_bytes(self, max_bytes: u64) -> Self {
        Self { max_bytes, ..self }
    }

    /// A handle that cancels the question when it is dropped. Each call makes a new handle, and
    /// dropping any one of them cancels the question.
    pub fn cancel_on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(self.cancelled.clone())
    }

    /// The deadline, if any.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Rows counted so far.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Bytes counted so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Returns an error if the question must end.
    ///
    /// # Errors
    /// [`BudgetError::Cancelled`] or [`BudgetError::Deadline`].
    pub fn check(&self) -> Result<(), BudgetError> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(BudgetError::Cancelled);
        }
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(BudgetError::Deadline),
            _ => Ok(()),
        }
    }

    /// Counts rows that were read. A row is a span, a row of metrics or the summary of a trace that
    /// the engine decodes or tests individually. Rows that an index excludes are not counted.
    ///
    /// # Errors
    /// [`BudgetError::Rows`] when the total exceeds the limit.
    pub fn count_rows(&self, rows: u64) -> Result<(), BudgetError> {
        let before = self.rows.fetch_add(rows, Ordering::Relaxed);
        let fits = before.saturating_add(rows) <= self.max_rows;
        if fits { Ok(()) } else { Err(BudgetError::Rows { limit: self.max_rows }) }
    }

    /// Counts bytes that were read: the size in memory of the decoded columns. An engine may
    /// estimate them.
    ///
    /// # Errors
    /// [`BudgetError::Bytes`] when the total exceeds the limit.
    pub fn count_bytes(&self, bytes: u64) -> Result<(), BudgetError> {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let fits = before.saturating_add(bytes) <= self.max_bytes;
        if fits { Ok(()) } else { Err(BudgetError::Bytes { limit: self.max_bytes }) }
    }

    /// A checker for a loop of short iterations.
    pub fn pace(&self) -> Pace<'_> {
        Pace { budget: self, left: 0 }
    }
}

impl Pace<'_> {
    /// The number of iterations between two checks of the budget.
    pub const ROUNDS: u32 = 1_024;

    /// Counts one iteration; to be called once in each.
    ///
    /// # Errors
    /// As [`Budget::check`], which runs in the first iteration, and then in every
    /// [`Self::ROUNDS`]th.
    pub fn step(&mut self) -> Result<(), BudgetError> {
        if self.left == 0 {
            self.left = Self::ROUNDS;
            self.budget.check()?;
        }
        self.left -= 1;
        Ok(())
    }
}

impl CancelOnDrop {
    /// Cancels the question now.
    pub fn cancel(self) {
        drop(self);
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_cancelled_when_its_client_drops_the_handle() {
        let budget = Budget::unlimited();
        let asker = budget.cancel_on_drop();
        assert_eq!(budget.check(), Ok(()));
        drop(asker);
        assert_eq!(budget.check(), Err(BudgetError::Cancelled));
    }

    #[test]
    fn a_deadline_that_has_passed_ends_a_question() {
        let budget = Budget::unlimited().with_timeout(Duration::ZERO);
        assert_eq!(budget.check(), Err(BudgetError::Deadline));
        assert_eq!(Budget::unlimited().with_timeout(Duration::MAX).check(), Ok(()));
    }

    #[test]
    fn the_first_row_above_the_limit_ends_a_question() {
        let budget = Budget::unlimited().with_max_rows(10).with_max_bytes(3);
        assert_eq!(budget.count_rows(10), Ok(()));
        assert_eq!(budget.count_rows(1), Err(BudgetError::Rows { limit: 10 }));
        assert_eq!(budget.count_bytes(4), Err(BudgetError::Bytes { limit: 3 }));
        assert_eq!((budget.rows(), budget.bytes()), (11, 4));
    }

    #[test]
    fn a_loop_of_short_iterations_is_stopped_within_a_thousand_of_them() {
        let budget = Budget::unlimited();
        let mut pace = budget.pace();
        assert_eq!(pace.step(), Ok(()));
        budget.cancel_on_drop().cancel();
        let rounds = (0..10_000).take_while(|_| pace.step().is_ok()).count();
        assert_eq!(rounds, Pace::ROUNDS as usize - 1);
    }
}
