//! Tags in logfmt: `key=value other="a value"`.

use super::super::refused::Refused;

/// The largest number of tags.
const MAX_TAGS: usize = 32;

/// The keys with their values. A key without a value has the empty value, which every value has a
/// part of.
///
/// # Errors
/// A key that is given twice, a sign that belongs in quotes, a quote that does not end, or too many
/// tags. The words are those of the library that Tempo reads tags with.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, Refused> {
    let invalid =
        |what: &str, at: usize| Refused::invalid(format!("invalid tags: {what} at pos {at}"));
    let mut found: Vec<(String, String)> = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let at = text.len() - rest.len() + 1;
        let end =
            rest.find(|c: char| c == '=' || c == '"' || c.is_whitespace()).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        if key.is_empty() {
            let sign = rest.chars().next().unwrap_or_default();
            return Err(invalid(&format!("unexpected {sign:?}"), at));
        }
        let (value, after) = match after.strip_prefix('=') {
            Some(after) => match value(after) {
                Ok(found) => found,
                Err(InvalidValue::Open) => return Err(invalid("unterminated quoted value", at)),
                Err(InvalidValue::Unquoted { sign, offset }) => {
                    return Err(invalid(&format!("unexpected {sign:?}"), at + end + 1 + offset));
                }
            },
            None if after.starts_with('"') => return Err(invalid("unexpected '\"'", at + end)),
            None => (String::new(), after),
        };
        if found.iter().any(|(one, _)| one == key) {
            let message = format!("invalid tags: tag {key} has been set twice");
            return Err(Refused::invalid(message));
        }
        found.push((key.to_owned(), value));
        if found.len() > MAX_TAGS {
            return Err(Refused::invalid(format!("invalid tags: more than {MAX_TAGS}")));
        }
        rest = after.trim_start();
    }
    Ok(found)
}

/// Why a text does not begin with a value.
enum InvalidValue {
    /// A quote does not end.
    Open,
    /// A value without quotes has a sign that needs them.
    Unquoted { sign: char, offset: usize },
}

/// The value at the start of `text`, and what follows.
fn value(text: &str) -> Result<(String, &str), InvalidValue> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
        return match value.char_indices().find(|(_, sign)| matches!(sign, '=' | '"')) {
            Some((offset, sign)) => Err(InvalidValue::Unquoted { sign, offset }),
            None => Ok((value.to_owned(), rest)),
        };
    };
    let mut value = String::new();
    let mut signs = quoted.chars();
    loop {
        match signs.next().ok_or(InvalidValue::Open)? {
            '"' => return Ok((value, signs.as_str())),
            '\\' => match signs.next().ok_or(InvalidValue::Open)? {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'r' => value.push('\r'),
                other => value.push(other),
            },
            sign => value.push(sign),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_keys_with_values_in_quotes_or_without() {
        let found = |text| pairs(text).map_err(|refused| refused.message);
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        for (text, expected) in [
            ("", vec![]),
            (
                "a=1  service.name=\"my shop\" c",
                vec![pair("a", "1"), pair("service.name", "my shop"), pair("c", "")],
            ),
            (r#"a="x\"y\\z""#, vec![pair("a", r#"x"y\z"#)]),
        ] {
            assert_eq!(found(text), Ok(expected), "{text}");
        }
        for (text, expected) in [
            ("a=1 a=2", "invalid tags: tag a has been set twice"),
            ("=1", "invalid tags: unexpected '=' at pos 1"),
            ("a=b=c", "invalid tags: unexpected '=' at pos 4"),
            ("x=1 a=b\"c\"", "invalid tags: unexpected '\"' at pos 8"),
            ("a=\"x", "invalid tags: unterminated quoted value at pos 1"),
            ("a\"b\"", "invalid tags: unexpected '\"' at pos 2"),
        ] {
            assert_eq!(found(text), Err(expected.to_owned()), "{text}");
        }
    }
}
