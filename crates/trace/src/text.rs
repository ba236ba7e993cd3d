//! Attribute values as text, for places that can only hold text: the `map<string, string>`
//! attributes of the agent's RPC, tables, CSV.

use std::fmt::{self, Write as _};

use crate::attribute::{Attributes, Value};

/// Text is written unchanged; numbers and booleans as in JSON; a float that JSON does not have as
/// `NaN`, `Infinity` or `-Infinity`; bytes in base64; arrays and maps as JSON; an empty value as
/// "".
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => Ok(()),
            Self::String(text) => f.write_str(text),
            Self::Double(number) if !number.0.is_finite() => f.write_str(infinite(number.0)),
            Self::Bytes(bytes) => base64(f, bytes),
            other => json(f, other),
        }
    }
}

fn json(f: &mut fmt::Formatter<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::Empty => f.write_str("null"),
        Value::String(text) => quoted(f, text),
        Value::Bool(truth) => write!(f, "{truth}"),
        Value::Int(number) => write!(f, "{number}"),
        Value::Double(number) if number.0.is_finite() => write!(f, "{:?}", number.0),
        Value::Double(number) => write!(f, "\"{}\"", infinite(number.0)),
        Value::Bytes(bytes) => {
            f.write_char('"')?;
            base64(f, bytes)?;
            f.write_char('"')
        }
        Value::Array(values) => {
            f.write_char('[')?;
            for (at, value) in values.iter().enumerate() {
                f.write_str(if at == 0 { "" } else { "," })?;
                json(f, value)?;
            }
            f.write_char(']')
        }
        Value::Map(pairs) => object(f, pairs),
    }
}

/// Writes a JSON object. If a key repeats, only its first value is written.
fn object(f: &mut fmt::Formatter<'_>, pairs: &Attributes) -> fmt::Result {
    f.write_char('{')?;
    let mut seen: Vec<&str> = Vec::new();
    for pair in pairs {
        if seen.contains(&pair.key.as_str()) {
            continue;
        }
        f.write_str(if seen.is_empty() { "" } else { "," })?;
        seen.push(&pair.key);
        quoted(f, &pair.key)?;
        f.write_char(':')?;
        json(f, &pair.value)?;
    }
    f.write_char('}')
}

fn infinite(number: f64) -> &'static str {
    if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            control if (control as u32) < 0x20 => write!(f, "\\u{:04x}", control as u32)?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}

/// Base64 as in RFC 4648, with padding.
fn base64(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * place) & 63) as usize];
            f.write_char(if place <= chunk.len() { digit as char } else { '=' })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_in_json_except_for_text() {
        let map: Attributes = [("a", Value::Int(1)), ("b\n", Value::Empty), ("a", Value::Int(2))]
            .into_iter()
            .collect();
        for (value, expected) in [
            (Value::from("a \"b\""), "a \"b\""),
            (Value::Empty, ""),
            (Value::from(true), "true"),
            (Value::from(-7), "-7"),
            (Value::from(5.0), "5.0"),
            (Value::from(0.1), "0.1"),
            (Value::from(f64::NAN), "NaN"),
            (Value::from(f64::NEG_INFINITY), "-Infinity"),
            (Value::Bytes(vec![]), ""),
            (Value::Bytes(b"f".to_vec()), "Zg=="),
            (Value::Bytes(b"fo".to_vec()), "Zm8="),
            (Value::Bytes(b"foo".to_vec()), "Zm9v"),
            (Value::Bytes(vec![255, 254, 253, 0]), "//79AA=="),
            (
                Value::Array(vec![Value::from("x\u{1}"), Value::from(f64::NAN)]),
                "[\"x\\u0001\",\"NaN\"]",
            ),
            (Value::Map(map), "{\"a\":1,\"b\\n\":null}"),
        ] {
            assert_eq!(value.to_string(), expected);
        }
    }
}
