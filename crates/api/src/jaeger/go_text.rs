//! Values as Go writes and reads them: the text of a float, of JSON, and of a duration.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use coral_trace::{Attributes, Value};

/// The text of a tag whose value is no plain text: lists and maps are JSON, with sorted keys.
///
/// Source: `pcommon.Value.AsString` of the OpenTelemetry Collector.
pub(super) fn tag_text(value: &Value) -> Cow<'_, str> {
    let mut text = String::new();
    match value {
        Value::String(text) => return Cow::Borrowed(text),
        Value::Array(_) | Value::Map(_) => json(&mut text, value),
        Value::Double(number) => text = float(number.0),
        other => text = other.to_string(),
    }
    Cow::Owned(text)
}

/// `number` as in JSON, with an exponent only below 1e-6 and from 1e21.
pub(super) fn float(number: f64) -> String {
    let size = number.abs();
    if !number.is_finite() {
        return coral_trace::Value::from(number).to_string();
    }
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    if text.contains("e-") { text } else { text.replace('e', "e+") }
}

fn json(to: &mut String, value: &Value) {
    match value {
        Value::Empty => to.push_str("null"),
        Value::Double(number) if number.0.is_finite() => to.push_str(&float(number.0)),
        Value::Bool(_) | Value::Int(_) => to.push_str(&value.to_string()),
        Value::String(text) => quoted(to, text),
        Value::Bytes(_) | Value::Double(_) => quoted(to, &value.to_string()),
        Value::Array(values) => {
            to.push('[');
            for (at, value) in values.iter().enumerate() {
                to.push_str(if at == 0 { "" } else { "," });
                json(to, value);
            }
            to.push(']');
        }
        Value::Map(pairs) => object(to, pairs),
    }
}

/// A JSON object with sorted keys. If a key repeats, its first value is written.
fn object(to: &mut String, pairs: &Attributes) {
    let mut pairs: Vec<_> = pairs.iter().collect();
    pairs.sort_by(|one, other| one.key.cmp(&other.key));
    pairs.dedup_by(|later, first| later.key == first.key);
    to.push('{');
    for (at, pair) in pairs.into_iter().enumerate() {
        to.push_str(if at == 0 { "" } else { "," });
        quoted(to, &pair.key);
        to.push(':');
        json(to, &pair.value);
    }
    to.push('}');
}

/// JSON text, in which the signs of HTML are escaped too.
fn quoted(to: &mut String, text: &str) {
    to.push('"');
    for sign in text.chars() {
        match sign {
            '"' | '\\' => to.extend(['\\', sign]),
            '\n' => to.push_str("\\n"),
            '\r' => to.push_str("\\r"),
            '\t' => to.push_str("\\t"),
            '\u{8}' => to.push_str("\\b"),
            '\u{c}' => to.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                write!(to, "\\u{:04x}", sign as u32).expect("a String has room");
            }
            other => to.push(other),
        }
    }
    to.push('"');
}

const NANOS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3_600e9),
];

/// Parses a duration such as `1.2s` or `1h30m`, which is not negative.
///
/// # Errors
/// What is wrong, in the words of Go's `time.ParseDuration`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.starts_with('-') {
        return Err(format!("time: negative duration {text:?}"));
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanos = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|sign: char| !sign.is_ascii_digit() && sign != '.');
        let (number, after) = rest.split_at(end.unwrap_or(rest.len()));
        let number: f64 = number.parse().map_err(|_| invalid())?;
        let end = after.find(|sign: char| sign.is_ascii_digit() || sign == '.');
        let (unit, after) = after.split_at(end.unwrap_or(after.len()));
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {text:?}"));
        }
        let known = NANOS.iter().find(|(name, _)| *name == unit);
        let (_, factor) =
            known.ok_or_else(|| format!("time: unknown unit {unit:?} in duration {text:?}"))?;
        nanos += number * factor;
        rest = after;
    }
    if nanos > i64::MAX as f64 {
        Err(invalid())
    } else {
        Ok(Duration::from_nanos(nanos.round() as u64))
    }
}

/// A number of nanoseconds as Go's `time.Duration` prints it: `1.5ms`, `-2m3s`.
pub(super) fn duration_text(nanos: i128) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let size = nanos.unsigned_abs();
    let decimal = |unit: u128, name: &str| {
        let (whole, part) = (size / unit, size % unit);
        let digits = unit.ilog10() as usize;
        let part = format!("{part:0digits$}");
        let part = part.trim_end_matches('0');
        let point = if part.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{part}{name}")
    };
    match size {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{size}ns"),
        1_000..1_000_000 => decimal(1_000, "µs"),
        1_000_000..1_000_000_000 => decimal(1_000_000, "ms"),
        _ => {
            let (minutes, seconds) = (size / 60_000_000_000, size % 60_000_000_000);
            let (hours, minutes) = (minutes / 60, minutes % 60);
            let seconds = match seconds {
                0 => "0s".to_owned(),
                nanos => {
                    let text = format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
                    format!("{}s", text.trim_end_matches('0').trim_end_matches('.'))
                }
            };
            match (hours, minutes) {
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
    fn floats_are_written_as_go_writes_them() {
        for (number, text) in [
            (72.5, "72.5"),
            (3.0, "3"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e-7, "1.5e-7"),
            (0.000_001, "0.000001"),
            (0.0, "0"),
        ] {
            assert_eq!(float(number), text);
        }
    }

    #[test]
    fn lists_and_maps_are_json_with_sorted_keys_and_escaped_html() {
        let map: Attributes = [
            ("b", Value::Array(vec![Value::Int(1), Value::from(2.0), Value::Bool(true)])),
            ("a", Value::from("<x>\n\u{1}")),
            ("c", Value::Bytes(vec![1, 2])),
            ("a", Value::Empty),
        ]
        .into_iter()
        .collect();
        let text = tag_text(&Value::Map(map)).into_owned();
        let expected = r#"{"a":"\u003cx\u003e\n\u0001","b":[1,2,true],"c":"AQI="}"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn durations_are_read_and_written_as_go_does() {
        for (text, nanos) in [
            ("1.2s", 1_200_000_000),
            ("100ms", 100_000_000),
            ("1h2m3.5s", 3_723_500_000_000),
            ("5µs", 5_000),
            ("5us", 5_000),
            (".5ns", 1),
            ("0", 0),
            ("+1m", 60_000_000_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanos)), "{text}");
        }
        for (text, word) in [
            ("10", "missing unit"),
            ("", "invalid"),
            ("s", "invalid"),
            ("1x", "unknown unit"),
            ("-1s", "negative"),
            ("1s2", "missing unit"),
            ("99999999999999h", "invalid"),
        ] {
            assert!(parse_duration(text).unwrap_err().contains(word), "{text}");
        }
        for (nanos, text) in [
            (0, "0s"),
            (999, "999ns"),
            (-1_500, "-1.5µs"),
            (2_000_000, "2ms"),
            (1_500_000_000, "1.5s"),
            (60_000_000_000, "1m0s"),
            (3_723_500_000_000, "1h2m3.5s"),
            (63_000_000_010, "1m3.00000001s"),
        ] {
            assert_eq!(duration_text(nanos), text);
        }
    }
}
