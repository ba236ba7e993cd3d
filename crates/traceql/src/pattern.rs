//! Regular expressions.

use std::fmt;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use crate::operator::Operator;
use crate::value::Static;

/// A regular expression that matches a whole text.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    regex: Arc<Regex>,
}

/// The largest size in bytes of a compiled expression, and of its state cache.
const MAX_COMPILED_BYTES: usize = 1 << 20;

impl Pattern {
    /// The right operand of `=~` or `!~`; `None` for another operator, and for what is no regular
    /// expression.
    pub(crate) fn of(op: Operator, right: &Static) -> Option<Self> {
        match right {
            Static::String(text) if op.is_regex() => Self::new(text),
            _ => None,
        }
    }

    fn new(text: &str) -> Option<Self> {
        let compiled = |text: &str| {
            let mut builder = RegexBuilder::new(text);
            builder.size_limit(MAX_COMPILED_BYTES).dfa_size_limit(MAX_COMPILED_BYTES).build().ok()
        };
        // The expression is valid by itself, and not only inside of the group.
        compiled(text)?;
        let regex = Arc::new(compiled(&Self::whole(text))?);
        Some(Self { text: text.to_owned(), regex })
    }

    /// The expression that matches where `text` matches a whole text. As in Tempo, `.` matches the end
    /// of a line.
    fn whole(text: &str) -> String {
        format!("^(?s:{text})$")
    }

    /// The expression for an engine that matches any part of a text.
    pub fn anchored(&self) -> String {
        Self::whole(&self.text)
    }

    /// Whether the expression matches the whole of `text`.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// Patterns are equal if their texts are.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.text)
    }
}
