//! The forms in which a point in time is written.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

use super::super::{InvalidDuration, sum_of_parts};
use super::{InvalidTime, When};
use crate::time::UnixNanos;

/// The smallest number that is a Unix time: seconds in 1973.
const MIN_UNIX_TIME: u64 = 100_000_000;
/// Exclusive upper limits of Unix times with the nanoseconds of their unit: seconds, milliseconds
/// and microseconds until the year 5138. Larger numbers are nanoseconds.
const UNIX_UNITS: [(u64, u64); 3] = [
    (100_000_000_000, 1_000_000_000),
    (100_000_000_000_000, 1_000_000),
    (100_000_000_000_000_000, 1_000),
];

pub(super) fn parse(text: &str) -> Result<When, InvalidTime> {
    let trimmed = text.trim();
    let lower = trimmed.to_ascii_lowercase();
    if let Some(found) = number(&lower) {
        return found;
    }
    if let Some(found) = ago(&lower).or_else(|| word(&lower)) {
        return found;
    }
    if let Some(time) = time_of_day(&lower) {
        return Ok(When::LatestTime(time));
    }
    if let Some(time) = lower.strip_suffix("utc").or(lower.strip_suffix('z')).and_then(time_of_day)
    {
        return Ok(When::LatestTimeUtc(time));
    }
    date(trimmed).unwrap_or_else(|| Err(InvalidTime::Syntax(text.to_owned())))
}

/// A Unix time, whose size tells the unit. Seconds may have a fraction.
fn number(text: &str) -> Option<Result<When, InvalidTime>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let out_of_range = Err(InvalidTime::OutOfRange(text.to_owned()));
    let Ok(number) = whole.parse::<u64>() else { return Some(out_of_range) };
    if number < MIN_UNIX_TIME {
        return Some(Err(InvalidTime::NumberWithoutUnit(text.to_owned())));
    }
    let unit = UNIX_UNITS.iter().find(|(limit, _)| number < *limit).map_or(1, |(_, unit)| *unit);
    let part = u64::from(billionths(fraction)?.unsigned_abs()) / (1_000_000_000 / unit);
    let nanos = number.checked_mul(unit).and_then(|nanos| nanos.checked_add(part));
    Some(nanos.map_or(out_of_range, |nanos| Ok(When::At(UnixNanos(nanos)))))
}

/// A duration before now: `15m`, `-15m`, `15m ago`, `now-15m`.
fn ago(text: &str) -> Option<Result<When, InvalidTime>> {
    let length = match text.strip_suffix("ago") {
        Some(length) => length,
        None => match text.strip_prefix("now") {
            Some(rest) => rest.trim_start().strip_prefix('-')?,
            None => text.strip_prefix('-').unwrap_or(text),
        },
    };
    match sum_of_parts(length) {
        Ok(ago) => Some(Ok(When::Ago(ago))),
        Err(InvalidDuration::TooLong) => Some(Err(InvalidTime::TooLong(text.to_owned()))),
        Err(InvalidDuration::Syntax) => None,
    }
}

/// `now`, or a day: `today`, `yesterday 14:02`, `3 days ago 14:02`.
fn word(text: &str) -> Option<Result<When, InvalidTime>> {
    if text == "now" {
        return Some(Ok(When::Ago(std::time::Duration::ZERO)));
    }
    let (days_ago, rest) = match text.split_once("days ago") {
        Some((days, rest)) => (days.trim().parse().ok()?, rest),
        None => ["today", "yesterday"]
            .iter()
            .zip(0..)
            .find_map(|(day, ago)| Some((ago, text.strip_prefix(day)?)))?,
    };
    let rest = rest.strip_prefix([' ', 't']).unwrap_or(rest).trim();
    let rest = rest.strip_prefix("at ").unwrap_or(rest);
    let time = if rest.is_empty() { Time::midnight() } else { time_of_day(rest)? };
    Some(Ok(When::OnDay { days_ago, time }))
}

/// `02:40`, `2:40`, `02:40:15`, `02:40:15.25`, `3am`, `3:15 pm`.
fn time_of_day(text: &str) -> Option<Time> {
    let text = text.trim();
    let halves = [("am", 0), ("pm", 12)];
    let half = halves.iter().find_map(|(sign, hours)| Some((text.strip_suffix(sign)?, *hours)));
    let (digits, noon) = half.map_or((text, None), |(rest, hours)| (rest.trim(), Some(hours)));
    let parts: Vec<&str> = digits.split(':').collect();
    let (hour, minute, seconds) = match parts[..] {
        // Without minutes, only `am` and `pm` tell a time from a number.
        [hour] if noon.is_some() => (hour, "00", "00"),
        [hour, minute] => (hour, minute, "00"),
        [hour, minute, seconds] => (hour, minute, seconds),
        _ => return None,
    };
    let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let are_digits = [hour, minute, second, fraction].into_iter().all(is_digits);
    if !are_digits || hour.len() > 2 || minute.len() != 2 || second.len() != 2 {
        return None;
    }
    let hour: i8 = hour.parse().ok()?;
    let hour = match noon {
        None => hour,
        Some(noon) if (1..=12).contains(&hour) => hour % 12 + noon,
        Some(_) => return None,
    };
    Time::new(hour, minute.parse().ok()?, second.parse().ok()?, billionths(fraction)?).ok()
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The digits after a decimal point as billionths; further digits are cut off.
fn billionths(fraction: &str) -> Option<i32> {
    format!("{fraction:0<9.9}").parse().ok()
}

/// A date, a date with a time, or RFC 3339.
fn date(text: &str) -> Option<Result<When, InvalidTime>> {
    // ISO 8601 has further forms, such as `20261125`, which are too easily something else.
    if text.as_bytes().get(4) != Some(&b'-') || text.contains('[') {
        return None;
    }
    let instant = |instant: jiff::Timestamp| {
        let nanos = u64::try_from(instant.as_nanosecond());
        let out_of_range = |_| InvalidTime::OutOfRange(text.to_owned());
        nanos.map(|nanos| When::At(UnixNanos(nanos))).map_err(out_of_range)
    };
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(instant(time));
    }
    let utc = text.strip_suffix("UTC").or_else(|| text.strip_suffix("utc")).map(str::trim_end);
    if let Some(time) = utc.and_then(|utc| utc.parse::<DateTime>().ok()) {
        return TimeZone::UTC.to_timestamp(time).ok().map(instant);
    }
    if let Ok(time) = text.parse::<DateTime>() {
        return Some(Ok(When::Local(time)));
    }
    let (day, time) = text.split_once([' ', 'T'])?;
    let day: jiff::civil::Date = day.parse().ok()?;
    Some(Ok(When::Local(day.to_datetime(time_of_day(&time.to_ascii_lowercase())?))))
}
