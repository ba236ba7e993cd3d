//! Why an engine did not do what was asked.

use crate::budget::BudgetError;

/// What an engine's own error is kept as.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why an engine did not do what was asked: a variant for each thing that a caller may do about it. A call that
/// failed changed nothing that its reader can see, unless its documentation says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The engine cannot do it now: a full disk, a server that does not answer. The same call may succeed later.
    #[error("the storage engine is not available")]
    Unavailable {
        /// What went wrong.
        source: Source,
    },
    /// What was stored cannot be read. The same call fails again; a person has to look.
    #[error("stored data is damaged")]
    Damaged {
        /// What was found.
        source: Source,
    },
    /// This engine never does it. See [`Capabilities`](crate::Capabilities).
    #[error("this storage engine does not support {feature}")]
    Unsupported {
        /// What it does not do, as a noun: `regular expressions in a filter`.
        feature: &'static str,
    },
    /// The question was cancelled, or costs more than it may.
    #[error(transparent)]
    OverBudget(#[from] BudgetError),
}

impl EngineError {
    /// The engine cannot do it now, because of `source`.
    pub fn unavailable(source: impl Into<Source>) -> Self {
        Self::Unavailable { source: source.into() }
    }

    /// What was stored cannot be read, because of `source`.
    pub fn damaged(source: impl Into<Source>) -> Self {
        Self::Damaged { source: source.into() }
    }
}
