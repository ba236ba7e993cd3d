//! Parses which series of two vectors belong together: `on (client) group_left (version)`.

use super::super::error::PromqlError;
use super::super::lex::Token;
use super::super::syntax::{Many, Matching, Operator};
use super::Parser;

impl Parser<'_> {
    /// `on (…)` or `ignoring (…)`, and `group_left (…)` or `group_right (…)`.
    pub(super) fn matching(&mut self, operator: Operator) -> Result<Matching, PromqlError> {
        let mut matching =
            Matching { on: false, labels: Vec::new(), many: None, include: Vec::new() };
        matching.on = self.is_at_word("on");
        if !matching.on && !self.is_at_word("ignoring") {
            return Ok(matching);
        }
        self.at += 1;
        matching.labels = self.label_list()?;
        matching.many = match () {
            () if self.take_word("group_left") => Some(Many::Left),
            () if self.take_word("group_right") => Some(Many::Right),
            () => return Ok(matching),
        };
        if operator.is_set() {
            return Err(self.error("no grouping allowed for set operations"));
        }
        if self.is_at("(") {
            matching.include = self.label_list()?;
        }
        let both = matching.include.iter().find(|label| matching.labels.contains(label));
        match both.filter(|_| matching.on) {
            Some(label) => Err(self
                .error(&format!("label {label:?} must not occur in ON and GROUP clause at once"))),
            None => Ok(matching),
        }
    }

    /// Names in parentheses, with commas between them.
    pub(super) fn label_list(&mut self) -> Result<Vec<String>, PromqlError> {
        self.expect("(", "grouping opts")?;
        let mut labels = Vec::new();
        while !self.take(")") {
            match self.next() {
                Token::Name(label) if !label.contains(':') => labels.push(label),
                Token::Text(label) => labels.push(label),
                other => {
                    self.at -= 1;
                    let reason = format!("unexpected {other} in grouping opts, expected label");
                    return Err(self.error(&reason));
                }
            }
            if !self.is_at(")") {
                self.expect(",", "grouping opts")?;
            }
        }
        Ok(labels)
    }
}
