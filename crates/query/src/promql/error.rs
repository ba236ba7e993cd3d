//! Why an expression has no value.

use coral_engine::{BudgetError, EngineError};

use crate::ask::QueryError;

/// Why an expression has no value.
#[derive(Debug, thiserror::Error)]
pub enum PromqlError {
    /// The expression is none of PromQL.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// The expression is one of PromQL, which Coral does not evaluate, or whose operands do not fit.
    #[error("{0}")]
    Refused(String),
    /// The expression cannot be evaluated on these series.
    #[error("{0}")]
    Execution(String),
    /// The series cannot be read.
    #[error(transparent)]
    Query(#[from] QueryError),
}

/// Where an expression is none of PromQL, and why.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{line}:{column}: parse error: {reason}")]
pub struct SyntaxError {
    line: usize,
    column: usize,
    reason: String,
}

impl SyntaxError {
    /// An error at the byte `at` of `text`.
    pub(super) fn at(text: &str, at: usize, reason: impl Into<String>) -> Self {
        let before = &text[..text.floor_char_boundary(at)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { line, column, reason: reason.into() }
    }
}

impl From<BudgetError> for PromqlError {
    fn from(error: BudgetError) -> Self {
        Self::Query(QueryError::OverBudget(error))
    }
}

impl From<EngineError> for PromqlError {
    fn from(error: EngineError) -> Self {
        Self::Query(error.into())
    }
}
