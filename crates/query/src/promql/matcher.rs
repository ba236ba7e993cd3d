//! Conditions on labels.

use regex::Regex;

use super::labels::Labels;

/// A condition on one label. A label that a series lacks is an empty text.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    pub label: String,
    pub value: String,
    pub is_negative: bool,
    /// The pattern of `=~` and `!~`, anchored at both ends.
    pattern: Option<Regex>,
}

/// The largest compiled size of a pattern in bytes.
const MAX_PATTERN_BYTES: usize = 256 * 1_024;

impl Matcher {
    /// A matcher that is written as `label operator "value"`.
    ///
    /// # Errors
    /// What is wrong with the pattern.
    pub fn new(label: String, operator: &str, value: String) -> Result<Self, regex::Error> {
        let pattern = match operator {
            "=~" | "!~" => Some(anchored(&value)?),
            _ => None,
        };
        Ok(Self { label, value, is_negative: operator.starts_with('!'), pattern })
    }

    /// Whether a label with this value meets the condition.
    pub fn matches(&self, value: &str) -> bool {
        let is_like = match &self.pattern {
            Some(pattern) => pattern.is_match(value),
            None => self.value == value,
        };
        is_like != self.is_negative
    }

    /// Whether the matcher is one with `=`.
    pub fn is_equality(&self) -> bool {
        !self.is_negative && self.pattern.is_none()
    }

    /// Whether `labels` meet the condition.
    pub fn matches_in(&self, labels: &Labels) -> bool {
        self.matches(labels.get(&self.label))
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        let text = |of: &Self| (of.label.clone(), of.value.clone(), of.is_negative);
        text(self) == text(other) && self.pattern.is_some() == other.pattern.is_some()
    }
}

/// `pattern` for a whole text; a dot also matches the end of a line, as in Prometheus.
///
/// # Errors
/// What is wrong with the pattern.
pub(super) fn anchored(pattern: &str) -> Result<Regex, regex::Error> {
    let whole = format!("^(?s:{pattern})$");
    // `a)(b` would be one with the parentheses around it.
    regex::RegexBuilder::new(pattern).size_limit(MAX_PATTERN_BYTES).build()?;
    regex::RegexBuilder::new(&whole).size_limit(MAX_PATTERN_BYTES).build()
}
