//! Searches the text of answers.

/// Whether `text` has `value`, and not only as a part of a longer name.
pub fn has_word(text: &str, value: &str) -> bool {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.match_indices(value).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + value.len()..]);
        !before.ends_with(is_of_name) && !after.starts_with(is_of_name)
    })
}

#[cfg(test)]
mod tests {
    use super::has_word;

    #[test]
    fn a_value_is_not_found_in_a_longer_name() {
        for (text, expected) in [
            ("all on host pay-2.", true),
            ("service.version=2.4.0 is", false),
            ("host.name=pay-2, on 98%", true),
            ("all on pay-21", false),
            ("all on prepay-2", false),
        ] {
            assert_eq!(has_word(text, "pay-2"), expected, "{text}");
        }
    }
}
