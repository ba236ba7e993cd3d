//! Makes text from outside safe to print on a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The largest number of characters of a text that [`line()`] prints.
const MAX_CHARACTERS: usize = 200;
/// The largest number of characters that [`sentences()`] prints.
const MAX_CHARACTERS_OF_SENTENCES: usize = 2_000;
/// The largest number of characters of a text that [`ends()`] prints.
const MAX_CHARACTERS_OF_ENDS: usize = 500;

/// `text` on one line. A text of more than 200 characters is cut, and its length in bytes is
/// appended. Characters that a terminal would interpret are escaped as `\u{…}`: control characters,
/// escape sequences and direction overrides.
pub fn line(text: &str) -> String {
    cut(text, MAX_CHARACTERS)
}

/// Like [`line()`], for sentences with several names: cut after 2,000 characters.
pub fn sentences(text: &str) -> String {
    cut(text, MAX_CHARACTERS_OF_SENTENCES)
}

/// Like [`line()`], for a text whose end matters as much as its beginning, such as an error that is
/// followed by its cause: the middle of a text of more than 500 characters is left out.
pub fn ends(text: &str) -> String {
    whole(&without_middle(text, MAX_CHARACTERS_OF_ENDS))
}

/// `text` in at most `max` characters: a longer text keeps its beginning and its end, with `…`
/// between. Nothing is escaped.
pub fn without_middle(text: &str, max: usize) -> Cow<'_, str> {
    let length = text.chars().count();
    if length <= max {
        return Cow::Borrowed(text);
    }
    let kept = max.saturating_sub(1);
    let end = kept.div_ceil(2);
    let at = |character| text.char_indices().nth(character).map_or(text.len(), |(at, _)| at);
    Cow::Owned(format!("{}…{}", &text[..at(kept - end)], &text[at(length - end)..]))
}

fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => whole(text),
        Some((end, _)) => {
            format!("{}… ({} bytes)", whole(&text[..end]), crate::units::count(text.len() as u64))
        }
    }
}

/// Like [`line()`], but never cut.
pub fn whole(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_interpreted(character) {
            let _ = write!(safe, "\\u{{{:x}}}", character as u32);
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Whether a terminal might interpret the character: control characters, invisible characters, line
/// breaks, and characters that change the direction of writing.
fn is_interpreted(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_a_terminal_would_interpret_are_escaped() {
        assert_eq!(line("a\u{1b}[31mb\nc\u{202e}d\u{7}"), "a\\u{1b}[31mb\\u{a}c\\u{202e}d\\u{7}");
        assert_eq!(line("GET /é ✓"), "GET /é ✓");
    }

    #[test]
    fn a_text_without_its_middle_keeps_its_beginning_and_its_end() {
        assert_eq!(without_middle("abcdef", 6), "abcdef");
        assert_eq!(without_middle("abcdefg", 6), "ab…efg");
        assert_eq!(without_middle("äöüßéèê", 4), "ä…èê");
        assert_eq!(without_middle("ab", 1), "…");
        let error = ends(&format!("cannot load:\n{}permission denied", "x".repeat(65_536)));
        assert!(error.starts_with("cannot load:\\u{a}xx"), "{error}");
        assert!(error.ends_with("xpermission denied"), "{error}");
        assert_eq!(error.matches('…').count(), 1);
    }

    #[test]
    fn a_name_of_64_kib_is_cut_and_followed_by_its_length() {
        let cut = line(&"x".repeat(65_536));
        assert!(cut.ends_with("x… (65,536 bytes)") && cut.len() < 230);
        let cut = sentences(&"x".repeat(65_536));
        assert!(cut.ends_with("x… (65,536 bytes)") && cut.len() > 2_000 && cut.len() < 2_030);
    }
}
