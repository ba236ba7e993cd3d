//! Parsing of durations, and formatting of numbers.

/// Parses `90s`, `5m`, `1h` into nanoseconds.
///
/// # Errors
/// A message that says what is wrong with `text`.
pub fn parse_duration(text: &str) -> Result<u64, String> {
    let (digits, unit) = text.split_at(text.trim_end_matches(char::is_alphabetic).len());
    let number: u64 = digits.parse().map_err(|_| format!("`{digits}` is not a whole number"))?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return Err(format!("`{unit}` is not a unit; use s, m or h")),
    };
    Ok(number * seconds * 1_000_000_000)
}

/// A number with thousands separators: `1,234,567` for `1234567`.
pub fn grouped(number: u64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_parsed_with_a_unit() {
        assert_eq!(parse_duration("90s"), Ok(90_000_000_000));
        assert_eq!(parse_duration("1h"), Ok(3_600_000_000_000));
        assert!(parse_duration("5").is_err() && parse_duration("h").is_err());
    }

    #[test]
    fn large_numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
