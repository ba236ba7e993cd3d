//! Errors of an engine.

use crate::budget::BudgetError;

/// The underlying error, of a type that depends on the engine.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a call failed. The variants differ in what a caller may do next. Unless documented
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
    /// Stored data cannot be read. The same call keeps failing until a person acts.
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
    /// The error that the engine is temporarily unavailable because of `source`.
    pub fn unavailable(source: impl Into<Source>) -> Self {
        Self::Unavailable { source: source.into() }
    }

    /// The error that stored data cannot be read because of `source`.
    pub fn damaged(source: impl Into<Source>) -> Self {
        Self::Damaged { source: source.into() }
    }
}
