//! Splits `KEY=VALUE` pairs, as in `CORAL_SET`.

/// Splits `KEY=VALUE,KEY=VALUE` at its commas. A comma within brackets or quotes is part of the
/// value: `colony.agents=[{id: a, address: "http://h:1"}],log=debug` is two pairs.
pub fn split(text: &str) -> Vec<&str> {
    let mut pairs = Vec::new();
    let (mut start, mut depth, mut quote, mut before) = (0, 0_u32, None, ',');
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            // A quote at another place is an apostrophe.
            (None, '"' | '\'') if "=,:[{ ".contains(before) => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                pairs.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        before = c;
    }
    pairs.push(&text[start..]);
    pairs.into_iter().map(str::trim).filter(|pair| !pair.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_comma_separates_pairs_except_within_brackets_and_quotes() {
        for (text, pairs) in [
            ("", vec![]),
            (" , ,", vec![]),
            ("a=1", vec!["a=1"]),
            ("a=1, b=2 ,", vec!["a=1", "b=2"]),
            ("a=[1,2],b={c: 1, d: [2,3]},e=4", vec!["a=[1,2]", "b={c: 1, d: [2,3]}", "e=4"]),
            ("a=\"1,2\",b='3,]',c=4", vec!["a=\"1,2\"", "b='3,]'", "c=4"]),
            ("a=bob's,b=2", vec!["a=bob's", "b=2"]),
            ("a=1],b=2", vec!["a=1]", "b=2"]),
            ("a=[1,b=2", vec!["a=[1,b=2"]),
        ] {
            assert_eq!(split(text), pairs, "{text}");
        }
    }
}
