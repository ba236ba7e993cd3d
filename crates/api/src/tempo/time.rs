//! Times in URLs.

use coral_trace::UnixNanos;
use jiff::Timestamp;

/// The largest numbers of digits of a time in seconds, milliseconds and microseconds; more digits
/// are nanoseconds.
const SECONDS_DIGITS: usize = 11;
const MILLIS_DIGITS: usize = 14;
const MICROS_DIGITS: usize = 17;
/// Decimals of seconds in nanoseconds.
const DECIMALS: usize = 9;

/// A time: seconds since the Unix epoch, with or without a fraction; milliseconds, microseconds or
/// nanoseconds, which have more digits; or RFC 3339, in which a `+` may have become a space.
///
/// # Errors
/// A sentence that quotes `text`.
pub(super) fn parse(text: &str) -> Result<UnixNanos, String> {
    let invalid =
        || format!("`{text}` is not a time: seconds since the Unix epoch, or 2026-11-25T12:00:00Z");
    let number = |digits: &str| digits.parse::<u64>().ok();
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let nanos = match text.split_once('.') {
        _ if is_digits(text) => {
            let unit = match text.len() {
                digits if digits <= SECONDS_DIGITS => 1_000_000_000,
                digits if digits <= MILLIS_DIGITS => 1_000_000,
                digits if digits <= MICROS_DIGITS => 1_000,
                _ => 1,
            };
            number(text).and_then(|number| number.checked_mul(unit))
        }
        Some((seconds, rest)) if is_digits(seconds) && is_digits(rest) => {
            let rest: String = rest.chars().chain("0".repeat(DECIMALS).chars()).take(9).collect();
            let seconds = number(seconds).and_then(|seconds| seconds.checked_mul(1_000_000_000));
            seconds.zip(number(&rest)).and_then(|(seconds, rest)| seconds.checked_add(rest))
        }
        _ => {
            let text = text.trim().replace(' ', "+");
            let time: Timestamp = text.parse().map_err(|_| invalid())?;
            u64::try_from(time.as_nanosecond()).ok()
        }
    };
    nanos.map(UnixNanos).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_any_unit_that_its_digits_tell() {
        let noon = 1_795_608_000_000_000_000;
        for (text, expected) in [
            ("1795608000", noon),
            ("1795608000.25", noon + 250_000_000),
            ("1795608000000", noon),
            ("1795608000000000", noon),
            ("1795608000000000007", noon + 7),
            ("2026-11-25T12:00:00Z", noon),
            ("2026-11-25T14:00:00.5+02:00", noon + 500_000_000),
            ("2026-11-25T14:00:00 02:00", noon),
            ("0", 0),
        ] {
            assert_eq!(parse(text), Ok(UnixNanos(expected)), "{text}");
        }
        for text in ["", "now", "-1", "1e9", "99999999999999999999", "1795608000.x", "1.2.3"] {
            assert!(parse(text).unwrap_err().contains("is not a time"), "{text}");
        }
    }
}
