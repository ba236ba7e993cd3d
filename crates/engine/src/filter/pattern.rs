//! Regular expressions.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// A regular expression in the syntax of the crate `regex`, which takes linear time on any text. A
/// match may be any part of a text. A query language whose expressions match only whole texts must
/// write `^(?:…)$` around them.
#[derive(Clone)]
pub struct Pattern(Regex);

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
        let compiled = RegexBuilder::new(pattern)
            .size_limit(MAX_COMPILED_BYTES)
            .dfa_size_limit(MAX_COMPILED_BYTES)
            .build();
        compiled.map(Self).map_err(|error| InvalidPattern {
            pattern: pattern.to_owned(),
            reason: error.to_string(),
        })
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(super) fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// Patterns are equal if their texts are.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.as_str())
    }
}
