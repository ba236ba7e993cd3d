//! What errors repeat of a question.

/// The largest number of characters of the beginning, and of the end, of a text that is cut.
const MAX_CHARS: usize = 200;

/// `text`; if it is longer than twice 200 characters, its first and last 200 with `…` between. So
/// an error that quotes a long value keeps the words around the value.
pub(crate) fn shortened(text: String) -> String {
    let chars = text.chars().count();
    if chars <= 2 * MAX_CHARS {
        return text;
    }
    let first = text.chars().take(MAX_CHARS);
    let last = text.chars().skip(chars - MAX_CHARS);
    first.chain(['…']).chain(last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_keeps_its_beginning_and_its_end() {
        assert_eq!(shortened("é".repeat(400)), "é".repeat(400));
        let cut = shortened(format!("`{}` is no trace", "é".repeat(50_000)));
        assert_eq!(cut.chars().count(), 401);
        assert!(cut.starts_with("`éé") && cut.ends_with("éé` is no trace"), "{cut}");
    }
}
