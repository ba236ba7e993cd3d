//! Durations, as Go and Prometheus write them.

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

/// The form of Go: decimal numbers with units, in any order.
fn fractions(text: &str) -> Option<i64> {
    const UNITS: [(&str, u64); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", MILLISECOND),
        ("s", SECOND),
        ("m", MINUTE),
        ("h", HOUR),
    ];
    let (mut rest, mut total) = (text, 0_u64);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, unit, after) = part(rest)?;
        let unit = UNITS.iter().find(|(name, _)| *name == unit)?.1;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let digits = &fraction[..fraction.len().min(18)];
        let part: u64 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        let nanos = part as f64 * (unit as f64 / 10_f64.powi(digits.len() as i32));
        total = total.checked_add(whole.checked_mul(unit)?.checked_add(nanos as u64)?)?;
        rest = after;
    }
    i64::try_from(total).ok()
}

/// The number at the beginning of `text`, the unit after it, and the rest.
fn part(text: &str) -> Option<(&str, &str, &str)> {
    let is_number = |character: char| character.is_ascii_digit() || character == '.';
    let number = text.find(|character| !is_number(character))?;
    let unit = &text[number..];
    let end = unit.find(is_number).unwrap_or(unit.len());
    (number > 0).then(|| (&text[..number], &unit[..end], &unit[end..]))
}

/// A duration as Go prints it: `1h0m0.5s`, `20ms`, `0s`.
pub(crate) fn format(nanos: i64) -> String {
    let (sign, size) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
    let decimal = |unit: u64, name: &str| {
        let digits = unit.ilog10() as usize;
        let fraction = format!("{:0digits$}", size % unit);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() || unit == 1 { "" } else { "." };
        let fraction = if unit == 1 { "" } else { fraction };
        format!("{sign}{}{point}{fraction}{name}", size / unit)
    };
    match size {
        0 => "0s".to_owned(),
        1..1_000 => decimal(1, "ns"),
        1_000..MILLISECOND => decimal(1_000, "µs"),
        MILLISECOND..SECOND => decimal(MILLISECOND, "ms"),
        _ => {
            let fraction = format!("{:09}", size % SECOND);
            let fraction = fraction.trim_end_matches('0');
            let point = if fraction.is_empty() { "" } else { "." };
            let seconds = format!("{}{point}{fraction}s", size % MINUTE / SECOND);
            match (size / HOUR, size % HOUR / MINUTE) {
                (0, 0) => format!("{sign}{seconds}"),
                (0, minutes) => format!("{sign}{minutes}m{seconds}"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}"),
            }
        }
    }
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

    #[test]
    fn durations_are_printed_as_go_prints_them() {
        let cases = [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5µs"),
            (20_000_000, "20ms"),
            (1_500_000_000, "1.5s"),
            (60_000_000_000, "1m0s"),
            (3_600_000_000_000, "1h0m0s"),
            (-5_400_500_000_000, "-1h30m0.5s"),
        ];
        for (nanos, expected) in cases {
            assert_eq!(format(nanos), expected);
        }
    }
}
