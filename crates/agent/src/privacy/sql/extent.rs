//! The kind and the length of the next piece of a statement. Every function receives the rest of
//! the statement, which begins with the piece.

use super::dialect::Dialect;
use super::scanner::{Extent, Kind, Stop};

/// A text whose opening quote is the byte at `open`. A doubled quote stands for one quote. If the
/// text `has_escapes`, `\` escapes the next byte.
pub(super) fn text(rest: &str, open: usize, has_escapes: bool) -> Extent {
    let bytes = rest.as_bytes();
    let quote = bytes[open];
    let mut at = open + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if has_escapes => at += 2,
            byte if byte != quote => at += 1,
            _ if bytes.get(at + 1) == Some(&quote) => at += 2,
            _ => return Ok((Kind::Literal, at + 1)),
        }
    }
    Err(Stop::CutOff)
}

/// A comment that ends at the end of its line.
pub(super) fn line(rest: &str, dialect: Dialect) -> (Kind, usize) {
    let ends = |sign| sign == '\n' || (sign == '\r' && dialect == Dialect::Postgres);
    (Kind::Comment, rest.find(ends).unwrap_or(rest.len()))
}

/// A `/* comment */`. A comment in a comment is doubtful, because comments nest in some databases
/// only. So is `/*! … */`, whose contents MySQL executes.
pub(super) fn block(rest: &str) -> Extent {
    let body = &rest[2..];
    let end = body.find("*/").ok_or(Stop::CutOff)?;
    if body.starts_with('!') || body[..=end].contains("/*") {
        return Err(Stop::Doubtful);
    }
    Ok((Kind::Comment, 2 + end + 2))
}

/// A number with all letters and digits after it: `1.5`, `1e-10`, `0x2A`, `10L`, `1_000`.
pub(super) fn number(rest: &str) -> Extent {
    let mut letters = rest.char_indices().peekable();
    let (mut before, mut is_decimal) = (' ', true);
    while let Some((at, letter)) = letters.next() {
        let next = letters.peek().map_or(' ', |(_, next)| *next);
        let is_exponent = is_decimal && matches!(before, 'e' | 'E');
        match letter {
            '_' if before.is_ascii_digit() && next.is_ascii_digit() => {}
            '_' | '$' | '@' | '\'' | '"' | '`' => return Err(Stop::Doubtful),
            '+' | '-' if is_exponent && next == '_' => return Err(Stop::Doubtful),
            '+' | '-' if is_exponent && next.is_ascii_digit() => is_decimal = false,
            'e' | 'E' | '.' => {}
            _ if letter.is_alphabetic() || letter.is_ascii_digit() => {
                is_decimal &= letter.is_ascii_digit();
            }
            _ => return Ok((Kind::Literal, at)),
        }
        before = letter;
    }
    Ok((Kind::Literal, rest.len()))
}

/// A text between two `$$` or two `$tag$`, or a placeholder: `$1`.
pub(super) fn dollar(rest: &str) -> Extent {
    let is_in_tag = |letter: char| letter.is_alphanumeric() || letter == '_';
    let tag = 1 + rest[1..].find(|letter| !is_in_tag(letter)).unwrap_or(rest.len() - 1);
    if !rest[tag..].starts_with('$') {
        return Ok((Kind::Placeholder, tag));
    }
    let (delimiter, text) = rest.split_at(tag + 1);
    let end = text.find(delimiter).ok_or(Stop::CutOff)?;
    Ok((Kind::Literal, 2 * delimiter.len() + end))
}

/// A placeholder: `?` or `?1`.
pub(super) fn question_mark(rest: &str) -> (Kind, usize) {
    let digits = rest[1..].find(|digit: char| !digit.is_numeric()).unwrap_or(rest.len() - 1);
    (Kind::Placeholder, 1 + digits)
}

/// A word, or a literal that begins with a letter: `x'2A'`, `E'text'`.
pub(super) fn word(rest: &str, dialect: Dialect) -> Extent {
    let end = rest.find(|letter| !dialect.is_in_word(letter)).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    if word.contains(|letter: char| !letter.is_ascii() && !letter.is_alphabetic()) {
        // Such a letter is part of a name in one database, and white space or nothing in another.
        return Err(Stop::Doubtful);
    }
    let letter = word.trim_start_matches('@');
    let is_prefix = |of: &[&str]| of.iter().any(|prefix| letter.eq_ignore_ascii_case(prefix));
    match after.as_bytes() {
        [b'\'', ..] if is_prefix(&["e"]) && dialect == Dialect::MySql => {}
        [b'\'', ..] if is_prefix(&["b", "e", "n", "x"]) && letter.len() == word.len() => {
            return plain_text(rest, end);
        }
        [b'\'', ..] if is_prefix(&["b", "e", "n", "x", "q", "nq", "r"]) => {
            return Err(Stop::Doubtful);
        }
        [b'"', ..] if is_prefix(&["b", "r"]) => return Err(Stop::Doubtful),
        [b'&', b'\'', ..] if is_prefix(&["u"]) => return Err(Stop::Doubtful),
        _ => {}
    }
    Ok((Kind::Word, end))
}

/// A text after a prefix letter, such as `E'text'`. Doubtful if the text contains `\`, whose effect
/// depends on the prefix and on the database.
fn plain_text(rest: &str, open: usize) -> Extent {
    let (kind, bytes) = text(rest, open, false)?;
    if rest[..bytes].contains('\\') {
        return Err(Stop::Doubtful);
    }
    Ok((kind, bytes))
}

/// A variable, or an operator. Two signs are one operator if either sign alone would be read as
/// something else.
pub(super) fn operator(rest: &str, dialect: Dialect) -> Extent {
    let is_cut = ["@-", "&>", "|&", "|>", "`"].iter().any(|sign| rest.starts_with(sign));
    match rest.as_bytes() {
        [b'!', b'=', ..] | [b'<' | b'^', b'@', ..] => Ok((Kind::Operator, 2)),
        _ if dialect == Dialect::Postgres && is_cut => Err(Stop::Doubtful),
        [b'@', ..] if dialect != Dialect::Postgres => at_sign(rest, dialect),
        [b'#', ..] if dialect != Dialect::Postgres => hash_sign(rest, dialect),
        _ => Ok((Kind::Operator, 1)),
    }
}

/// `@variable`, `@@global`, `user@'host'`, or an operator: `@>`, `@?`, `@ `.
fn at_sign(rest: &str, dialect: Dialect) -> Extent {
    let name = rest.trim_start_matches('@');
    let signs = rest.len() - name.len();
    let next = name.chars().next();
    match (signs, next) {
        (1 | 2, Some(letter)) if letter.is_alphanumeric() || letter == '_' => word(rest, dialect),
        (1 | 2, None | Some(' ')) => Ok((Kind::Operator, signs)),
        (1, Some('\'' | '"' | '`' | '>')) => Ok((Kind::Operator, 1)),
        (1, Some('?')) => Ok((Kind::Operator, 2)),
        _ => Err(Stop::Doubtful),
    }
}

/// `#temporary`, or an operator: `#>`, `#-`, `# `.
fn hash_sign(rest: &str, dialect: Dialect) -> Extent {
    match rest[1..].chars().next() {
        None | Some(' ' | '-' | '>') => Ok((Kind::Operator, 1)),
        Some(letter) if dialect.is_in_word(letter) => word(rest, dialect),
        Some(_) => Err(Stop::Doubtful),
    }
}
