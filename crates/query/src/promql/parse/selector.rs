//! Parses selectors: `metric{label="value"}[5m] offset 1h`.

use super::super::error::PromqlError;
use super::super::labels::NAME;
use super::super::lex::Token;
use super::super::matcher::Matcher;
use super::super::syntax::{Expr, Selector};
use super::Parser;

const OPERATORS: [&str; 4] = ["=", "!=", "=~", "!~"];

/// The largest range, and the largest offset: 100 years, in milliseconds.
const MAX_MILLIS: i64 = 100 * 365 * 86_400_000;

impl Parser<'_> {
    /// The rest of a selector, whose metric is `name`.
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
        let mut selector = Selector { matchers, range_ms: None, offset_ms: 0 };
        if self.take("[") {
            selector.range_ms = Some(self.range()?);
        }
        if self.is_at_word("offset") {
            self.at += 1;
            let sign = if self.take("-") { -1 } else { 1 };
            selector.offset_ms = sign * self.duration("offset")?;
        }
        Ok(Expr::Selector(selector))
    }

    fn range(&mut self) -> Result<i64, PromqlError> {
        let range = self.duration("range selector")?;
        if self.is_at(":") {
            return Err(PromqlError::not_evaluated("[…:…] (a subquery)"));
        }
        self.expect("]", "range selector")?;
        match range {
            0 => Err(self.error("duration must be greater than 0")),
            range => Ok(range),
        }
    }

    /// A duration, or a number of seconds, in milliseconds.
    fn duration(&mut self, within: &str) -> Result<i64, PromqlError> {
        let millis = match self.peek() {
            Token::Duration(millis) => Some(*millis),
            Token::Number(seconds) if seconds.is_finite() && *seconds >= 0.0 => {
                Some((seconds * 1_000.0) as i64)
            }
            _ => None,
        };
        match millis {
            Some(millis) if millis <= MAX_MILLIS => {
                self.at += 1;
                Ok(millis)
            }
            Some(_) => Err(self.error("duration out of range")),
            None => {
                let reason = format!("unexpected {} in {within}, expected duration", self.peek());
                Err(self.error(&reason))
            }
        }
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
