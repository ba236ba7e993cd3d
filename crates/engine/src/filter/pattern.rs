//! Regular expressions.

use std::fmt;

use regex::{Regex, RegexBuilder};

use super::literal::Operand;

/// A regular expression in the syntax of the crate `regex`, which takes linear time on any text. A
/// match may be any part of a text. A query language whose expressions match only whole texts must
/// write `^(?:…)$` around them.
#[derive(Clone)]
pub struct Pattern {
    regex: Regex,
    is_untyped: bool,
}

/// The error of a regular expression that is invalid, or that takes too much memory.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{pattern}` is not a usable regular expression: {reason}")]
pub struct InvalidPattern {
    /// The expression.
    pub pattern: String,
    /// The error message of `regex`.
    pub reason: String,
}

/// The largest size in bytes of a compiled expression, and of its state cache.
const MAX_COMPILED_BYTES: usize = 1 << 20;

impl Pattern {
    /// Compiles `pattern`.
    ///
    /// # Errors
    /// [`InvalidPattern`] when the expression is invalid, or its compiled form exceeds one
    /// mebibyte.
    pub fn new(pattern: &str) -> Result<Self, InvalidPattern> {
        Self::compiled(pattern, false)
    }

    /// Like [`new`](Self::new), for query languages without types: the expression is matched with
    /// the text form of values that are not text, as [`Value`](coral_trace::Value) is displayed.
    ///
    /// # Errors
    /// [`InvalidPattern`].
    pub fn untyped(pattern: &str) -> Result<Self, InvalidPattern> {
        Self::compiled(pattern, true)
    }

    fn compiled(pattern: &str, is_untyped: bool) -> Result<Self, InvalidPattern> {
        let compiled = RegexBuilder::new(pattern)
            .size_limit(MAX_COMPILED_BYTES)
            .dfa_size_limit(MAX_COMPILED_BYTES)
            .build();
        compiled.map(|regex| Self { regex, is_untyped }).map_err(|error| InvalidPattern {
            pattern: pattern.to_owned(),
            reason: error.to_string(),
        })
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        self.regex.as_str()
    }

    pub(super) fn is_in(&self, value: Operand<'_>) -> bool {
        match value {
            Operand::Text(text) => self.regex.is_match(text),
            other => self.is_untyped && self.regex.is_match(&other.text()),
        }
    }
}

/// Patterns are equal if their texts are, and both match the same types.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str() && self.is_untyped == other.is_untyped
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.as_str())
    }
}
