//! Text forms of durations, counts and times, and parsing of durations.

mod length;
mod local;
mod when;

/// A time zone.
pub use jiff::tz::TimeZone;
pub use length::{InvalidDuration, MAX_DURATION, parse_duration, sum_of_parts};
pub use local::{LocalTime, instant_in, rfc3339_in, zone_name};
pub use when::{InvalidTime, TIME_FORMS, When};

/// A duration in the syntax that the command line reads: `7d`, `1h`, `15m`, `90s`, `500ms`, `17us`.
pub fn flag(length: std::time::Duration) -> String {
    let micros = length.as_micros();
    match length.as_secs() {
        _ if !micros.is_multiple_of(1_000) => format!("{micros}us"),
        _ if !micros.is_multiple_of(1_000_000) => format!("{}ms", micros / 1_000),
        seconds if seconds > 0 && seconds.is_multiple_of(86_400) => {
            format!("{}d", seconds / 86_400)
        }
        seconds if seconds > 0 && seconds.is_multiple_of(3_600) => format!("{}h", seconds / 3_600),
        seconds if seconds > 0 && seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

/// A number with thousands separators: `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun: `1 span`, `2 spans`.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

/// The time `micros` microseconds after the Unix epoch as RFC 3339 text, in UTC, without fractions
/// of a second.
pub fn instant(micros: i64) -> String {
    match jiff::Timestamp::from_microsecond(micros) {
        Ok(instant) => instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => format!("{micros}µs after 1970"),
    }
}

/// The time of day of an instant, in microseconds since the Unix epoch: `02:41 UTC`.
pub fn time_of_day(micros: i64) -> String {
    match jiff::Timestamp::from_microsecond(micros) {
        Ok(instant) => instant.strftime("%H:%M UTC").to_string(),
        Err(_) => instant(micros),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_read_back_as_the_same_length() {
        for text in ["7d", "1h", "15m", "90s", "500ms", "17us", "1500ms", "1000001us", "0s"] {
            assert_eq!(flag(parse_duration(text).unwrap()), text);
        }
    }

    #[test]
    fn the_time_of_day_is_in_utc() {
        assert_eq!(time_of_day(1_795_608_000_000_000 + 161 * 60_000_000), "14:41 UTC");
        assert_eq!(time_of_day(i64::MAX), instant(i64::MAX));
    }

    #[test]
    fn thousands_are_separated_by_commas() {
        assert_eq!((count(1_234_567), count(999)), ("1,234,567".into(), "999".into()));
    }
}
