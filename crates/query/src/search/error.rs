//! Mistakes in a search.

use std::fmt;

use crate::quote::shortened;

/// A mistake in a search, and its place.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct SyntaxError {
    /// The number of characters before the mistake.
    pub offset: usize,
    /// What is wrong.
    pub reason: String,
    /// What to write instead.
    pub hint: String,
}

impl SyntaxError {
    pub(super) fn new(offset: usize, reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { offset, reason: shortened(reason.into()), hint: shortened(hint.into()) }
    }

    /// The column of the mistake, from 1 on.
    pub const fn column(&self) -> usize {
        self.offset + 1
    }
}

/// One line: the column, the reason and the hint.
impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}. Hint: {}", self.column(), self.reason, self.hint)
    }
}
