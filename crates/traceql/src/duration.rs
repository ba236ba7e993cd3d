//! Durations, as Go and Prometheus write them.

use coral_trace::go_duration;

/// The nanoseconds of a duration such as `1h30m`, `1.5s` or `2w`; `None` if `text` is no duration.
pub(crate) fn parse(text: &str) -> Option<i64> {
    whole_units(text).or_else(|| fractions(text))
}

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The form of Prometheus: integers with units, from the largest unit to the smallest.
fn whole_units(text: &str) -> Option<i64> {
    const UNITS: [(&str, u64); 7] = [
        ("y", 365 * DAY),
        ("w", 7 * DAY),
        ("d", DAY),
        ("h", HOUR),
        ("m", MINUTE),
        ("s", SECOND),
        ("ms", MILLISECOND),
    ];
    let (mut rest, mut next, mut total) = (text, 0, 0_i64);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (digits, unit, after) = part(rest)?;
        let at = UNITS.iter().skip(next).position(|(name, _)| *name == unit)? + next;
        let nanos = digits.parse::<u64>().ok()?.checked_mul(UNITS[at].1)?;
        total = total.checked_add(i64::try_from(nanos).ok()?)?;
        (rest, next) = (after, at + 1);
    }
    Some(total)
}

/// The form of Go, which ends with a unit.
fn fractions(text: &str) -> Option<i64> {
    let ends_with_unit = !text.ends_with(|sign: char| sign.is_ascii_digit());
    ends_with_unit.then(|| go_duration::parse(text).ok()).flatten()
}

/// The number at the beginning of `text`, the unit after it, and the rest.
fn part(text: &str) -> Option<(&str, &str, &str)> {
    let is_number = |character: char| character.is_ascii_digit() || character == '.';
    let number = text.find(|character| !is_number(character))?;
    let unit = &text[number..];
    let end = unit.find(is_number).unwrap_or(unit.len());
    (number > 0).then(|| (&text[..number], &unit[..end], &unit[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_and_prometheus_read_them() {
        let cases = [
            ("1s", Some(1_000_000_000)),
            ("1.5s", Some(1_500_000_000)),
            ("1h30m", Some(5_400_000_000_000)),
            ("1d", Some(86_400_000_000_000)),
            ("1w2d", Some(777_600_000_000_000)),
            ("3us", Some(3_000)),
            ("3µs", Some(3_000)),
            ("2.5ms", Some(2_500_000)),
            ("30m1h", Some(5_400_000_000_000)),
            ("1d1w", None),
            ("1", None),
            ("s", None),
            ("1.5d", None),
            ("9999999999h", None),
            ("300y", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
