//! Prose and lines of trees, broken between words to fit the screen.

use crate::screen::{Emphasis, Screen};
use crate::table::width;

/// The smallest number of columns that a line has beside its indentation.
const MIN_ROOM: usize = 12;

/// A part of a line, and its highlighting. The text must have no control characters.
pub(crate) type Piece = (String, Emphasis);

/// `text` in lines of at most the width of the screen. The last line ends without a line break.
pub fn prose(text: &str, screen: Screen) -> String {
    let mut lines = text.split('\n').map(|line| {
        let pieces = [(line.to_owned(), Emphasis::None)];
        wrapped(&pieces, "", "", screen)
    });
    let first = lines.next().unwrap_or_default();
    lines.fold(first, |text, line| text + "\n" + &line)
}

/// `page`, in which lines that are wider than the screen are broken between words; further lines
/// are indented by two columns more. Lines of tables, which fit by themselves, and commands, which
/// are to be copied, stay whole.
pub(crate) fn folded(page: &str, screen: Screen) -> String {
    let Some(room) = screen.width else { return page.to_owned() };
    let mut text = String::with_capacity(page.len());
    for line in page.split_inclusive('\n') {
        let start = line.trim_start();
        let is_command = start.starts_with("coral ") || start.starts_with('[');
        if is_command || line.contains(" | ") || line.contains("-|-") || visible(line) <= room {
            text.push_str(line);
        } else {
            fold(line, room, &mut text);
        }
    }
    text
}

/// Adds `line` to `text`, broken between words.
fn fold(line: &str, room: usize, text: &mut String) {
    let indent = line.len() - line.trim_start_matches(' ').len() + 2;
    let room = room.max(indent + MIN_ROOM);
    let mut taken = 0;
    for word in words(line) {
        if taken > 0 && taken + visible(word) > room {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', indent));
            text.push_str(word.trim_start());
            taken = indent + visible(word.trim_start());
        } else {
            text.push_str(word);
            taken += visible(word);
        }
    }
}

/// The number of columns of `text`, which may have the escape sequences of [`Screen::emphasise`].
fn visible(text: &str) -> usize {
    let mut parts = text.trim_end_matches('\n').split('\u{1b}');
    let first = parts.next().map_or(0, width);
    let rest = parts.map(|part| part.split_once('m').map_or(0, |(_, after)| width(after)));
    first + rest.sum::<usize>()
}

/// The `pieces` as one line behind `first`. If the line is wider than the screen, the line is broken
/// between words, and further lines begin with `rest`. A word that does not fit is broken.
pub(crate) fn wrapped(pieces: &[Piece], first: &str, rest: &str, screen: Screen) -> String {
    let mut text = first.to_owned();
    let Some(limit) = screen.width else {
        pieces.iter().for_each(|(piece, emphasis)| {
            text.push_str(&screen.emphasise(piece, *emphasis));
        });
        return text;
    };
    let (mut taken, mut begin) = (width(first), width(first));
    let mut room = limit.max(begin + MIN_ROOM);
    for (piece, emphasis) in pieces {
        let mut run = String::new();
        for word in words(piece) {
            let mut word = word;
            while taken + width(word) > room {
                if taken == begin {
                    // The word alone is too wide.
                    let at = fitting(word, room - taken);
                    run.push_str(&word[..at]);
                    word = &word[at..];
                } else if width(word.trim_start()) == 0 {
                    word = "";
                }
                if word.is_empty() {
                    break;
                }
                text.push_str(&screen.emphasise(&std::mem::take(&mut run), *emphasis));
                text.push('\n');
                text.push_str(rest);
                (taken, begin) = (width(rest), width(rest));
                room = limit.max(begin + MIN_ROOM);
                word = word.trim_start();
            }
            run.push_str(word);
            taken += width(word);
        }
        text.push_str(&screen.emphasise(&run, *emphasis));
    }
    text
}

/// The words of `text`, each with the spaces before it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut left = text;
    std::iter::from_fn(move || {
        if left.is_empty() {
            return None;
        }
        let spaces = left.len() - left.trim_start_matches(' ').len();
        let end = left[spaces..].find(' ').map_or(left.len(), |end| spaces + end);
        let (word, rest) = left.split_at(end);
        left = rest;
        Some(word)
    })
}

/// The number of bytes of `word` that take at most `room` columns: at least one character.
fn fitting(word: &str, room: usize) -> usize {
    let mut ends = word.char_indices().map(|(at, character)| at + character.len_utf8());
    let first = ends.next().unwrap_or(0);
    ends.take_while(|end| width(&word[..*end]) <= room).last().unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: Screen = Screen { width: Some(20), colour: false };

    #[test]
    fn prose_is_broken_between_words_and_a_long_word_inside() {
        assert_eq!(prose("The cat sat on the mat.", Screen::PLAIN), "The cat sat on the mat.");
        assert_eq!(
            prose("The cat sat on the mat of it.", NARROW),
            "The cat sat on the\nmat of it."
        );
        let long = "x".repeat(45);
        let broken = prose(&format!("a {long} b"), NARROW);
        assert!(broken.lines().all(|line| width(line) <= 20), "{broken}");
        assert_eq!(broken.replace('\n', "").matches('x').count(), 45);
    }

    #[test]
    fn a_line_goes_on_behind_its_branches_and_colours_change_no_letter() {
        let pieces = [
            ("payments (450ms, POST /pay)".to_owned(), Emphasis::Strong),
            (" ERROR 503".to_owned(), Emphasis::Error),
        ];
        let plain = wrapped(&pieces, "├─ ", "│  ", NARROW);
        assert_eq!(plain, "├─ payments (450ms,\n│  POST /pay) ERROR\n│  503");
        let coloured = wrapped(&pieces, "├─ ", "│  ", Screen { colour: true, ..NARROW });
        assert_ne!(coloured, plain);
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    }

    #[test]
    fn no_line_is_wider_than_the_screen_and_no_letter_is_lost() {
        let text = "注文を確認する GET /a/very/long/route (12ms)  ERROR: no answer, twice";
        for columns in 16..80 {
            let screen = Screen { width: Some(columns), colour: false };
            let lines = wrapped(&[(text.to_owned(), Emphasis::None)], "  ├─ ", "  │  ", screen);
            assert!(lines.lines().all(|line| width(line) <= columns.max(17)), "{columns}: {lines}");
            let letters = |text: &str| text.replace([' ', '\n', '│', '├', '─'], "");
            assert_eq!(letters(&lines), letters(text));
        }
    }
}
