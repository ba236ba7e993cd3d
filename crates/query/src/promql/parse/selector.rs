//! Parses selectors: `metric{label="value"}`.

use super::super::error::PromqlError;
use super::super::labels::NAME;
use super::super::lex::Token;
use super::super::matcher::Matcher;
use super::super::syntax::{Expr, Selector, Shift};
use super::Parser;

const OPERATORS: [&str; 4] = ["=", "!=", "=~", "!~"];

impl Parser<'_> {
    /// The rest of a selector, whose metric is `name`, without what may follow it.
    pub(super) fn selector(&mut self, name: Option<String>) -> Result<Expr, PromqlError> {
        let mut matchers = Vec::new();
        let mut name = name;
        if let Some(name) = &name {
            matchers.push(self.matcher(NAME, "=", name.clone())?);
        }
        if self.take("{") {
            self.matchers(&mut matchers, &mut name)?;
        }
        // Several matchers of the label `__name__` are fine where no name is written.
        let mut named = matchers.iter().filter(|matcher| matcher.label == NAME);
        if let (Some(name), Some(first), Some(second)) = (name, named.next(), named.next()) {
            let other = if first.value == name { &second.value } else { &first.value };
            let reason = format!("metric name must not be set twice: {name:?} or {other:?}");
            return Err(self.error(&reason));
        }
        if !matchers.iter().any(|matcher| !matcher.matches("")) {
            let reason = "vector selector must contain at least one non-empty matcher";
            return Err(self.error(reason));
        }
        Ok(Expr::Selector(Selector { matchers, range_ms: None, shift: Shift::default() }))
    }

    /// The matchers after an opening brace, and the metric that is named among them.
    fn matchers(
        &mut self,
        matchers: &mut Vec<Matcher>,
        metric: &mut Option<String>,
    ) -> Result<(), PromqlError> {
        while !self.take("}") {
            let label = match self.next() {
                Token::Name(label) if !label.contains(':') => label,
                // A quoted name alone is that of the metric.
                Token::Text(name) if self.is_at(",") || self.is_at("}") => {
                    matchers.push(self.matcher(NAME, "=", name.clone())?);
                    *metric = Some(name);
                    self.take(",");
                    continue;
                }
                Token::Text(label) => label,
                other => return Err(self.unexpected(&other, "label matching")),
            };
            let operator = match self.next() {
                Token::Sign(sign) if OPERATORS.contains(&sign) => sign,
                other => return Err(self.unexpected(&other, "label matching")),
            };
            let value = match self.next() {
                Token::Text(value) => value,
                other => return Err(self.unexpected(&other, "label matching, expected string")),
            };
            matchers.push(self.matcher(&label, operator, value)?);
            if !self.is_at("}") {
                self.expect(",", "label matching")?;
            }
        }
        Ok(())
    }

    fn matcher(
        &mut self,
        label: &str,
        operator: &str,
        value: String,
    ) -> Result<Matcher, PromqlError> {
        Matcher::new(label.to_owned(), operator, value).map_err(|error| {
            let reason = error.to_string();
            self.error(reason.lines().last().unwrap_or_default())
        })
    }

    /// An error about `token`, which was just taken.
    fn unexpected(&mut self, token: &Token, within: &str) -> PromqlError {
        self.at -= 1;
        self.error(&format!("unexpected {token} in {within}"))
    }
}
