//! Errors of an engine.

use crate::budget::BudgetError;

/// An engine's own error.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a call failed: a variant for each thing that a caller may do about it. Unless documented
/// otherwise, a failed call changes nothing that readers can see.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The engine is temporarily unavailable: a full disk, a server that does not answer. The same
    /// call may succeed later.
    #[error("the storage engine is not available")]
    Unavailable {
        /// The reason.
        source: Source,
    },
    /// Stored data cannot be read. The same call fails again, until a person acts.
    #[error("stored data is damaged")]
    Damaged {
        /// The reason.
        source: Source,
    },
    /// The engine does not have this feature. See [`Capabilities`](crate::Capabilities).
    #[error("this storage engine does not support {feature}")]
    Unsupported {
        /// The feature, as a noun: `regular expressions in a filter`.
        feature: &'static str,
    },
    /// The question was cancelled, or exceeds its budget.
    #[error(transparent)]
    OverBudget(#[from] BudgetError),
}

impl EngineError {
    /// The engine is unavailable because of `source`.
    pub fn unavailable(source: impl Into<Source>) -> Self {
        Self::Unavailable { source: source.into() }
    }

    /// Stored data cannot be read because of `source`.
    pub fn damaged(source: impl Into<Source>) -> Self {
        Self::Damaged { source: source.into() }
    }
}
