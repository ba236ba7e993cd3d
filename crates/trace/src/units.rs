//! Text forms of durations, counts and times, and parsing of durations.

mod length;

pub use length::{InvalidDuration, MAX_DURATION, parse_duration, sum_of_parts};

/// Microseconds as text: `1.2s`, `450ms`, `1.9ms`, `350µs`, `2m 5s`, `1h 3m`.
pub fn duration(micros: i64) -> String {
    let micros = micros.max(0);
    let with_tenth = |whole: i64, tenth: i64, unit: &str| match tenth {
        0 => format!("{whole}{unit}"),
        _ => format!("{whole}.{tenth}{unit}"),
    };
    match micros {
        0..1_000 => format!("{micros}µs"),
        // Tenths are truncated, not rounded, so that 999.96 ms does not become a second.
        1_000..10_000 => with_tenth(micros / 1_000, micros % 1_000 / 100, "ms"),
        10_000..1_000_000 => format!("{}ms", micros / 1_000),
        1_000_000..60_000_000 => with_tenth(micros / 1_000_000, micros % 1_000_000 / 100_000, "s"),
        60_000_000..3_600_000_000 => with_smaller_unit(micros / 1_000_000, 60, "m", "s"),
        _ => with_smaller_unit(micros / 60_000_000, 60, "h", "m"),
    }
}

fn with_smaller_unit(small: i64, per: i64, large_unit: &str, small_unit: &str) -> String {
    match small % per {
        0 => format!("{}{large_unit}", small / per),
        rest => format!("{}{large_unit} {rest}{small_unit}", small / per),
    }
}

/// A duration as the command line accepts it: `7d`, `1h`, `15m`, `90s`. Whole seconds.
pub fn flag(length: std::time::Duration) -> String {
    match length.as_secs() {
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

/// Microseconds since the Unix epoch as RFC 3339 text, in UTC, without fractions of a second.
pub fn instant(micros: i64) -> String {
    match jiff::Timestamp::from_microsecond(micros) {
        Ok(instant) => instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => format!("{micros}µs after 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_in_rfd_036() {
        for (micros, expected) in [
            (0, "0µs"),
            (350, "350µs"),
            (1_900, "1.9ms"),
            (2_000, "2ms"),
            (12_000, "12ms"),
            (450_000, "450ms"),
            (999_999, "999ms"),
            (1_200_000, "1.2s"),
            (5_200_000, "5.2s"),
            (5_000_000, "5s"),
            (125_000_000, "2m 5s"),
            (3_780_000_000, "1h 3m"),
            (-5, "0µs"),
        ] {
            assert_eq!(duration(micros), expected);
        }
        assert_eq!((count(1_234_567), count(999)), ("1,234,567".into(), "999".into()));
    }
}
