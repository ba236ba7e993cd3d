//! The printed form of values.

use std::fmt::{self, Display, Formatter, Write};

use coral_trace::{SpanKind, go_duration};

use super::joined;
use crate::value::Static;

/// The value as TraceQL writes it: text is between backticks.
impl Display for Static {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => write!(f, "`{text}`"),
            Self::Array(values) => {
                f.write_char('[')?;
                joined(f, values, ", ")?;
                f.write_char(']')
            }
            other => f.write_str(&other.text()),
        }
    }
}

impl Static {
    /// The value as text, without quotes.
    pub fn text(&self) -> String {
        match self {
            Self::Nil => "nil".to_owned(),
            Self::Int(number) => number.to_string(),
            Self::Float(number) => float_with_point(*number),
            Self::String(text) => text.clone(),
            Self::Bool(truth) => truth.to_string(),
            Self::Duration(nanos) => go_duration::format((*nanos).into()),
            Self::Status(status) => status.as_str().to_owned(),
            Self::Kind(SpanKind::Unspecified) => "unspecified".to_owned(),
            Self::Kind(kind) => kind.as_str().to_owned(),
            Self::Array(_) => self.to_string(),
        }
    }
}

fn float_with_point(number: f64) -> String {
    let text = float(number);
    if text.contains(['e', '.']) { text } else { text + ".0" }
}

/// A float in the shortest form of Go.
pub(super) fn float(number: f64) -> String {
    if !number.is_finite() {
        let text = format!("{number}").replace("inf", "Inf");
        return if number.is_infinite() && number > 0.0 { format!("+{text}") } else { text };
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if number != 0.0 && !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => number.to_string(),
    }
}
