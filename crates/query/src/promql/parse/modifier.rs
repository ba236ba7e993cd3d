//! Parses what follows an expression: `[5m]`, `[1h:1m]`, `offset 1h` and `@ end()`.

use super::super::error::PromqlError;
use super::super::lex::Token;
use super::super::syntax::{At, Expr, Kind, Shift, Subquery};
use super::Parser;

/// The largest range, step and offset: 100 years, in milliseconds.
const MAX_MILLIS: i64 = 100 * 365 * 86_400_000;
/// The largest moment of `@` in either direction, in milliseconds since the Unix epoch.
const MAX_MOMENT: f64 = 1e16;
/// The step of a subquery that names none: Prometheus's default interval of evaluation.
const DEFAULT_STEP_MS: i64 = 60_000;

impl Parser<'_> {
    /// `expr` with the ranges and shifts that follow it. Only a selector that is `is_bare`, without
    /// parentheses, can be changed; a subquery may be of any vector.
    pub(super) fn modified(&mut self, expr: Expr, is_bare: bool) -> Result<Expr, PromqlError> {
        let (mut expr, mut is_bare) = (expr, is_bare);
        loop {
            if self.is_at("[") {
                expr = self.ranged(expr, is_bare)?;
                is_bare = true;
            } else if self.is_at_word("offset") {
                self.offset(shift(&mut expr).filter(|_| is_bare))?;
            } else if self.is_at("@") {
                self.moment(shift(&mut expr).filter(|_| is_bare))?;
            } else {
                return Ok(expr);
            }
        }
    }

    /// A selector with a range, or a subquery.
    fn ranged(&mut self, expr: Expr, is_bare: bool) -> Result<Expr, PromqlError> {
        self.expect("[", "range selector")?;
        let range_ms = self.positive_duration("range selector")?;
        if self.take(":") {
            let step_ms = match self.is_at("]") {
                true => DEFAULT_STEP_MS,
                false => self.positive_duration("subquery selector")?,
            };
            self.expect("]", "subquery selector")?;
            return match expr.kind() {
                Kind::Vector => {
                    let shift = Shift::default();
                    Ok(Expr::Subquery(Box::new(Subquery { of: expr, range_ms, step_ms, shift })))
                }
                other => {
                    let found = other.as_str();
                    let reason =
                        format!("subquery is only allowed on instant vector, got {found} instead");
                    Err(self.error(&reason))
                }
            };
        }
        self.expect("]", "range selector")?;
        match expr {
            Expr::Selector(mut selector) if is_bare && selector.range_ms.is_none() => {
                if selector.shift.offset_ms != 0 {
                    return Err(self.error("no offset modifiers allowed before range"));
                }
                if selector.shift.at.is_some() {
                    return Err(self.error("no @ modifiers allowed before range"));
                }
                selector.range_ms = Some(range_ms);
                Ok(Expr::Selector(selector))
            }
            _ => Err(self.error("ranges only allowed for vector selectors")),
        }
    }

    fn offset(&mut self, shift: Option<&mut Shift>) -> Result<(), PromqlError> {
        let Some(shift) = shift else { return Err(self.not_shiftable("offset")) };
        if shift.offset_ms != 0 {
            return Err(self.error("offset may not be set multiple times"));
        }
        self.at += 1;
        let sign = if self.take("-") { -1 } else { 1 };
        shift.offset_ms = sign * self.duration("offset")?;
        Ok(())
    }

    fn moment(&mut self, shift: Option<&mut Shift>) -> Result<(), PromqlError> {
        let Some(shift) = shift else { return Err(self.not_shiftable("@")) };
        if shift.at.is_some() {
            return Err(self.error("@ <timestamp> may not be set multiple times"));
        }
        self.at += 1;
        for (word, at) in [("start", At::Start), ("end", At::End)] {
            if self.take_word(word) {
                self.expect("(", "@")?;
                self.expect(")", "@")?;
                shift.at = Some(at);
                return Ok(());
            }
        }
        let is_negative = self.take("-");
        let _ = is_negative || self.take("+");
        let Token::Number(seconds) = *self.peek() else {
            let reason = format!("unexpected {} in @, expected timestamp", self.peek());
            return Err(self.error(&reason));
        };
        let millis = (seconds * 1_000.0).round() * if is_negative { -1.0 } else { 1.0 };
        if millis.is_nan() || millis.abs() > MAX_MOMENT {
            let reason = format!("timestamp out of bounds for @ modifier: {seconds}");
            return Err(self.error(&reason));
        }
        self.at += 1;
        shift.at = Some(At::Moment(millis as i64));
        Ok(())
    }

    fn not_shiftable(&self, modifier: &str) -> PromqlError {
        let name = if modifier == "@" { "@ modifier" } else { "offset modifier" };
        self.error(&format!(
            "{name} must be preceded by an instant vector selector or range vector selector or a \
             subquery"
        ))
    }

    fn positive_duration(&mut self, within: &str) -> Result<i64, PromqlError> {
        match self.duration(within)? {
            0 => Err(self.error("duration must be greater than 0")),
            millis => Ok(millis),
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
}

/// The shift of `expr`, if it is a selector or a subquery.
fn shift(expr: &mut Expr) -> Option<&mut Shift> {
    match expr {
        Expr::Selector(of) => Some(&mut of.shift),
        Expr::Subquery(of) => Some(&mut of.shift),
        _ => None,
    }
}
