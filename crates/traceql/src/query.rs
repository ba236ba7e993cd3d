//! A query.

use std::fmt;

use crate::error::{SyntaxError, SyntaxErrorKind};

/// A query.
#[derive(Clone, PartialEq, Debug)]
pub struct Query {}

/// Parses a query and checks its types. What Tempo refuses is refused.
///
/// # Errors
/// [`SyntaxError`], of each [kind](SyntaxErrorKind).
pub fn parse(text: &str) -> Result<Query, SyntaxError> {
    parse_syntax(text)
}

/// Parses a query without checking its types.
///
/// # Errors
/// [`SyntaxError`] of the kind [`Syntax`](SyntaxErrorKind::Syntax).
pub fn parse_syntax(text: &str) -> Result<Query, SyntaxError> {
    let _ = text;
    let message = "TraceQL is not evaluated yet".to_owned();
    Err(SyntaxError { kind: SyntaxErrorKind::Syntax, message, line: 0, column: 0, offset: 0 })
}

impl Query {
    /// Whether this is a query of metrics, and not a search for traces.
    pub fn is_metrics(&self) -> bool {
        false
    }
}

/// The printed form of Tempo.
impl fmt::Display for Query {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
