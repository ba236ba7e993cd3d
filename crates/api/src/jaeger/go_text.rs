//! Values as Go writes and reads them: the text of a float and of JSON, and a duration.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use coral_trace::{Attributes, Value, go_duration};

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

/// The duration that a parameter says, which is not negative.
///
/// # Errors
/// What is wrong, in the words of Go.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let nanos = go_duration::parse(text).map_err(|error| error.to_string())?;
    Ok(Duration::from_nanos(nanos.unsigned_abs()))
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
}
