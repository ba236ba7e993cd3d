//! Durations as Go reads and writes them: Jaeger, Tempo and their users do.
//!
//! Source: Go's `time.ParseDuration` and `time.Duration.String`.

use std::error::Error;
use std::fmt;

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000 * MICROSECOND;
const SECOND: u64 = 1_000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", MICROSECOND),
    ("µs", MICROSECOND),
    ("μs", MICROSECOND),
    ("ms", MILLISECOND),
    ("s", SECOND),
    ("m", MINUTE),
    ("h", HOUR),
];

/// Digits after the point that matter; more are less than a nanosecond.
const MAX_DECIMALS: usize = 18;

/// Why a text is no duration, in Go's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InvalidGoDuration {
    /// It is none, or longer than 292 years.
    Invalid(String),
    /// It is negative, which no length of time here is.
    Negative(String),
    /// A number has no unit.
    NoUnit(String),
    /// A unit is none.
    UnknownUnit {
        /// The unit.
        unit: String,
        /// The whole text.
        text: String,
    },
}

impl fmt::Display for InvalidGoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(text) => write!(f, "time: invalid duration {text:?}"),
            Self::Negative(text) => write!(f, "time: negative duration {text:?}"),
            Self::NoUnit(text) => write!(f, "time: missing unit in duration {text:?}"),
            Self::UnknownUnit { unit, text } => {
                write!(f, "time: unknown unit {unit:?} in duration {text:?}")
            }
        }
    }
}

impl Error for InvalidGoDuration {}

/// The nanoseconds of a duration such as `1.2s` or `1h30m`: decimal numbers with units, in any order.
///
/// # Errors
/// [`InvalidGoDuration`]. A negative duration is one too.
pub fn parse(text: &str) -> Result<i64, InvalidGoDuration> {
    let invalid = || InvalidGoDuration::Invalid(text.to_owned());
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(0);
    }
    if rest.starts_with('-') {
        return Err(InvalidGoDuration::Negative(text.to_owned()));
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let is_number = |sign: char| sign.is_ascii_digit() || sign == '.';
    let mut total = 0_u64;
    while !rest.is_empty() {
        let (number, after) =
            rest.split_at(rest.find(|sign| !is_number(sign)).unwrap_or(rest.len()));
        let (unit, after) = after.split_at(after.find(is_number).unwrap_or(after.len()));
        if number.is_empty() || number == "." {
            return Err(invalid());
        }
        if unit.is_empty() {
            return Err(InvalidGoDuration::NoUnit(text.to_owned()));
        }
        let known = UNITS.iter().find(|(name, _)| *name == unit);
        let (_, nanos) = known.ok_or_else(|| InvalidGoDuration::UnknownUnit {
            unit: unit.to_owned(),
            text: text.to_owned(),
        })?;
        let nanos = times(number, *nanos).ok_or_else(invalid)?;
        total = total.checked_add(nanos).ok_or_else(invalid)?;
        rest = after;
    }
    i64::try_from(total).map_err(|_| invalid())
}

/// `number`, a decimal number, times `unit`.
fn times(number: &str, unit: u64) -> Option<u64> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    if decimals.contains('.') {
        return None;
    }
    let digits = &decimals[..decimals.len().min(MAX_DECIMALS)];
    let read = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<u64>().ok() };
    let part = read(digits)? as f64 * (unit as f64 / 10_f64.powi(digits.len() as i32));
    read(whole)?.checked_mul(unit)?.checked_add(part as u64)
}

/// A number of nanoseconds as Go prints it: `1h0m0.5s`, `20ms`, `0s`, `-1.5µs`.
pub fn format(nanos: i128) -> String {
    let (sign, size) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
    let decimal = |size: u128, unit: u64, name: &str| {
        let unit = u128::from(unit);
        let digits = unit.ilog10() as usize;
        let part = format!("{:0digits$}", size % unit);
        let part = part.trim_end_matches('0');
        let point = if part.is_empty() { "" } else { "." };
        format!("{}{point}{part}{name}", size / unit)
    };
    let [millisecond, second, minute, hour] = [MILLISECOND, SECOND, MINUTE, HOUR].map(u128::from);
    let text = match size {
        0 => "0s".to_owned(),
        1..1_000 => format!("{size}ns"),
        _ if size < millisecond => decimal(size, MICROSECOND, "µs"),
        _ if size < second => decimal(size, MILLISECOND, "ms"),
        _ => {
            let seconds = decimal(size % minute, SECOND, "s");
            match (size / hour, size % hour / minute) {
                (0, 0) => seconds,
                (0, minutes) => format!("{minutes}m{seconds}"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}"),
            }
        }
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_as_go_reads_it() {
        for (text, nanos) in [
            ("0", 0),
            ("100ms", 100_000_000),
            ("1.2s", 1_200_000_000),
            ("1h30m", 5_400_000_000_000),
            ("30m1h", 5_400_000_000_000),
            (".5s", 500_000_000),
            ("3us", 3_000),
            ("3µs", 3_000),
            ("+2.5ms", 2_500_000),
        ] {
            assert_eq!(parse(text), Ok(nanos), "{text}");
        }
        for (text, reason) in [
            ("", "time: invalid duration \"\""),
            ("s", "time: invalid duration \"s\""),
            (".s", "time: invalid duration \".s\""),
            ("1.2.3s", "time: invalid duration \"1.2.3s\""),
            ("9999999999h", "time: invalid duration \"9999999999h\""),
            ("-1s", "time: negative duration \"-1s\""),
            ("5", "time: missing unit in duration \"5\""),
            ("1d", "time: unknown unit \"d\" in duration \"1d\""),
        ] {
            assert_eq!(parse(text).map_err(|error| error.to_string()), Err(reason.to_owned()));
        }
    }

    #[test]
    fn a_duration_is_printed_as_go_prints_it() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5µs"),
            (20_000_000, "20ms"),
            (1_500_000_000, "1.5s"),
            (60_000_000_000, "1m0s"),
            (3_600_000_000_000, "1h0m0s"),
            (-5_400_500_000_000, "-1h30m0.5s"),
            (-1_500_000, "-1.5ms"),
        ] {
            assert_eq!(format(nanos), text);
        }
    }
}
