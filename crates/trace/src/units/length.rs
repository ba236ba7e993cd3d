//! Parsing of durations.

use std::fmt;
use std::time::Duration;

/// The longest duration that is accepted: 100 years. Its microseconds fit in 64 bits.
pub const MAX_DURATION: Duration = Duration::from_secs(36_500 * 86_400);

/// Why a text is not an accepted duration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InvalidDuration {
    /// The text is not a sequence of numbers with units.
    Syntax,
    /// The duration is longer than [`MAX_DURATION`].
    TooLong,
}

/// Parses `90s`, `5m`, `1h`, `7d`, `500ms`, `20 minutes`, or a sum such as `1h30m`. Accepts zero to
/// 100 years.
///
/// # Errors
/// A sentence that quotes `text`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    sum_of_parts(text).map_err(|reason| match reason {
        InvalidDuration::Syntax => {
            format!("`{text}` is not a duration such as 500ms, 90s, 5m, 1h or 7d")
        }
        InvalidDuration::TooLong => format!("`{text}` is {reason}"),
    })
}

/// Like [`parse_duration`], but the error does not quote the text.
///
/// # Errors
/// [`InvalidDuration`].
pub fn sum_of_parts(text: &str) -> Result<Duration, InvalidDuration> {
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(InvalidDuration::Syntax);
    }
    while !rest.is_empty() {
        let (part, after) = leading_part(rest).ok_or(InvalidDuration::Syntax)?;
        let sum = total.checked_add(part).filter(|total| *total <= MAX_DURATION);
        total = sum.ok_or(InvalidDuration::TooLong)?;
        rest = after;
    }
    Ok(total)
}

/// Units with their names and their length in nanoseconds.
const UNITS: [(&[&str], u64); 8] = [
    (&["ns"], 1),
    (&["us", "µs"], 1_000),
    (&["ms"], 1_000_000),
    (&["s", "sec", "secs", "second", "seconds"], 1_000_000_000),
    (&["m", "min", "mins", "minute", "minutes"], 60_000_000_000),
    (&["h", "hr", "hrs", "hour", "hours"], 3_600_000_000_000),
    (&["d", "day", "days"], 86_400_000_000_000),
    (&["w", "week", "weeks"], 604_800_000_000_000),
];

/// The duration at the start of `text`, which is one number with its unit, and the rest of `text`.
fn leading_part(text: &str) -> Option<(Duration, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number = &text[..digits];
    let unit = &text[digits..];
    let end = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
    let name = unit[..end].trim();
    let (_, nanos) = UNITS.iter().find(|(names, _)| names.contains(&name))?;
    let part = match number.parse::<u64>() {
        Ok(whole) => whole.checked_mul(*nanos).map_or(Duration::MAX, Duration::from_nanos),
        Err(_) => {
            let seconds = number.parse::<f64>().ok()? * (*nanos as f64 / 1e9);
            Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
        }
    };
    Some((part, &unit[end..]))
}

impl fmt::Display for InvalidDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "expected a duration such as 500ms, 90s, 5m, 1h or 7d",
            Self::TooLong => "longer than 100 years",
        })
    }
}
