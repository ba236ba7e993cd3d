//! The values of a search.

use coral_trace::units::parse_duration;

use super::error::SyntaxError;
use super::lexer::{Condition, Part};

/// The value as a duration in nanoseconds.
pub(super) fn duration_nanos(condition: &Condition) -> Result<i64, SyntaxError> {
    let Part { offset, text, .. } = &condition.value;
    let length = parse_duration(text).map_err(|reason| {
        let key = &condition.key.text;
        let sign = condition.operator.sign();
        let hint = match text.parse::<f64>() {
            Ok(_) => format!("write the unit: {key}{sign}{text}ms"),
            Err(_) => format!("write {key}{sign}500ms"),
        };
        SyntaxError::new(*offset, reason, hint)
    })?;
    Ok(i64::try_from(length.as_nanos()).unwrap_or(i64::MAX))
}

/// The value as a number.
pub(super) fn number(condition: &Condition) -> Result<f64, SyntaxError> {
    let Part { offset, text, .. } = &condition.value;
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => {
            let (key, sign) = (&condition.key.text, condition.operator.sign());
            let reason = format!("`{text}` is not a number, and `{key}{sign}` compares numbers");
            let hint = match parse_duration(text) {
                Ok(_) => "write a number without a unit; `duration` compares durations".to_owned(),
                Err(_) => format!("write a number, such as {key}{sign}500"),
            };
            Err(SyntaxError::new(*offset, reason, hint))
        }
    }
}

/// The value as one of `words`, in any case.
pub(super) fn word(
    condition: &Condition,
    words: &[&'static str],
) -> Result<&'static str, SyntaxError> {
    let Part { offset, text, .. } = &condition.value;
    let found = words.iter().find(|word| word.eq_ignore_ascii_case(text));
    found.copied().ok_or_else(|| {
        let key = &condition.key.text;
        let reason = format!("`{text}` is no {key}: one of {} was expected", words.join(", "));
        let is_code = text.starts_with(|first: char| first.is_ascii_digit());
        let hint = match key.as_str() {
            "status" if is_code => format!("write code:{text} for a response status"),
            _ => {
                let alike = |word: &&&str| strsim::jaro_winkler(word, &text.to_lowercase());
                let nearest = words.iter().max_by(|one, other| alike(one).total_cmp(&alike(other)));
                format!("write {key}:{}", nearest.unwrap_or(&"VALUE"))
            }
        };
        SyntaxError::new(*offset, reason, hint)
    })
}

/// The first number of `5xx`, `5*` or `5**`, which stand for 500 to 599. Status codes begin at 100.
pub(super) fn hundred(value: &Part) -> Option<i64> {
    let (first, rest) = value.text.split_at_checked(1)?;
    let hundreds: i64 = first.parse().ok().filter(|first| *first > 0)?;
    let is_hundred = matches!(rest.to_ascii_lowercase().as_str(), "xx" | "*" | "**");
    (is_hundred && !value.is_quoted).then_some(hundreds * 100)
}

/// The regular expression of a text with wildcards: `*` is any text.
pub(super) fn glob_pattern(text: &str) -> String {
    let parts: Vec<String> = text.split('*').map(escaped).collect();
    format!("(?s)^{}$", parts.join(".*"))
}

/// The signs that mean something in a regular expression. A backslash before another sign may mean
/// something too, such as `\<`, the start of a word.
const META_SIGNS: &str = r"\.+*?()|[]{}^$#&-~";

/// `text` as a regular expression that matches only itself.
pub(crate) fn escaped(text: &str) -> String {
    let mut pattern = String::new();
    for sign in text.chars() {
        if META_SIGNS.contains(sign) {
            pattern.push('\\');
        }
        pattern.push(sign);
    }
    pattern
}
