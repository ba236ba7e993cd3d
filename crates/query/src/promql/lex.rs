//! The tokens of PromQL.

use std::fmt;

use winnow::ascii::multispace1;
use winnow::combinator::{alt, delimited, opt, preceded, repeat, terminated};
use winnow::error::ContextError;
use winnow::prelude::*;
use winnow::token::{any, literal, one_of, take_till, take_while};

use super::error::{PromqlError, SyntaxError};

/// The largest number of tokens of an expression.
const MAX_TOKENS: usize = 10_000;

/// One token.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    /// A name of a metric, label, function or operator: `rate`, `by`, `node:cpu`.
    Name(String),
    /// A number, such as `.9`, `1e3`, `0x1F`, `Inf` or `NaN`.
    Number(f64),
    /// A duration in milliseconds.
    Duration(i64),
    /// A quoted text, without quotes and escapes.
    Text(String),
    /// An operator or a bracket, such as `==` or `{`.
    Sign(&'static str),
    /// The end of the expression.
    End,
}

/// A token, and the byte at which it begins.
pub(super) type Placed = (Token, usize);

type Lexed<O> = winnow::Result<O, ContextError>;

/// Operators and brackets; of those with a common beginning, the longest first.
const SIGNS: [&str; 24] = [
    "==", "!=", "=~", "!~", "<=", ">=", "<", ">", "=", "+", "-", "*", "/", "%", "^", "(", ")", "{",
    "}", "[", "]", ",", "@", ":",
];

/// Units of durations and their milliseconds, in the order that a duration has them.
const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// The tokens of `text`, and [`Token::End`].
///
/// # Errors
/// [`PromqlError::Syntax`] at the first character that begins no token.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, PromqlError> {
    let mut rest = text;
    let mut found = Vec::new();
    loop {
        let _: Lexed<()> = blank.parse_next(&mut rest);
        let at = text.len() - rest.len();
        if rest.is_empty() {
            found.push((Token::End, at));
            return Ok(found);
        }
        if found.len() >= MAX_TOKENS {
            let reason = format!("an expression has at most {MAX_TOKENS} tokens");
            return Err(SyntaxError::at(text, at, reason).into());
        }
        let one: Lexed<Token> = token.parse_next(&mut rest);
        match one {
            Ok(one) => found.push((one, at)),
            Err(_) => {
                let first = text[at..].chars().next().unwrap_or_default();
                let reason = match first {
                    '"' | '\'' | '`' => "unterminated or wrongly escaped quoted string".to_owned(),
                    first => format!("unexpected character: {first:?}"),
                };
                return Err(SyntaxError::at(text, at, reason).into());
            }
        }
    }
}

/// Milliseconds of a duration such as `1h30m`; `None` if `text` is none.
pub fn duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let parsed: Lexed<i64> = duration_token.parse_next(&mut rest);
    parsed.ok().filter(|_| rest.is_empty())
}

/// White space, and comments up to the end of their line.
fn blank(rest: &mut &str) -> Lexed<()> {
    let comment = ('#', take_till(0.., '\n')).void();
    repeat(0.., alt((multispace1.void(), comment))).parse_next(rest)
}

fn token(rest: &mut &str) -> Lexed<Token> {
    let first = rest.chars().next().unwrap_or_default();
    match first {
        '"' | '\'' => quoted(rest, first).map(Token::Text),
        '`' => raw.map(|raw: &str| Token::Text(raw.to_owned())).parse_next(rest),
        '0'..='9' | '.' => {
            let duration = terminated(duration_token, end_of_word).map(Token::Duration);
            alt((duration, terminated(number, end_of_word).map(Token::Number))).parse_next(rest)
        }
        'a'..='z' | 'A'..='Z' | '_' | ':' if first != ':' || begins_name(rest) => {
            name.map(|name: &str| name_or_number(name)).parse_next(rest)
        }
        _ => sign(rest),
    }
}

/// Whether a colon begins a name. That of a subquery is before a duration or a bracket.
fn begins_name(rest: &str) -> bool {
    rest.chars().nth(1).is_some_and(|next| next.is_ascii_alphabetic() || next == '_')
}

fn name<'a>(rest: &mut &'a str) -> Lexed<&'a str> {
    take_while(1.., |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':').parse_next(rest)
}

fn name_or_number(name: &str) -> Token {
    match name.to_ascii_lowercase().as_str() {
        "inf" => Token::Number(f64::INFINITY),
        "nan" => Token::Number(f64::NAN),
        _ => Token::Name(name.to_owned()),
    }
}

fn sign(rest: &mut &str) -> Lexed<Token> {
    for sign in SIGNS {
        if rest.starts_with(sign) {
            let found: Lexed<&str> = literal(sign).parse_next(rest);
            return found.map(|_| Token::Sign(sign));
        }
    }
    Err(ContextError::new())
}

/// Nothing, where no letter or digit follows: `5m` is a duration, and `5max` is none.
fn end_of_word(rest: &mut &str) -> Lexed<()> {
    match rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
        true => Err(ContextError::new()),
        false => Ok(()),
    }
}

fn digits<'a>(rest: &mut &'a str) -> Lexed<&'a str> {
    take_while(1.., |c: char| c.is_ascii_digit()).parse_next(rest)
}

fn duration_token(rest: &mut &str) -> Lexed<i64> {
    let mut sum = 0_i64;
    let mut least = 0;
    loop {
        let count = digits(rest)?.parse::<i64>().map_err(|_| ContextError::new())?;
        let unit: &str = take_while(1..=2, |c: char| c.is_ascii_lowercase()).parse_next(rest)?;
        let place = UNITS.iter().position(|(name, _)| *name == unit);
        let place = place.filter(|place| *place >= least).ok_or_else(ContextError::new)?;
        let part = count.checked_mul(UNITS[place].1).ok_or_else(ContextError::new)?;
        sum = sum.checked_add(part).ok_or_else(ContextError::new)?;
        least = place + 1;
        if !rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(sum);
        }
    }
}

fn number(rest: &mut &str) -> Lexed<f64> {
    let hex = preceded(
        alt((literal("0x"), literal("0X"))),
        take_while(1.., |c: char| c.is_ascii_hexdigit()),
    );
    let hex = hex.verify_map(|digits: &str| Some(u64::from_str_radix(digits, 16).ok()? as f64));
    let part = |c: char| c.is_ascii_digit() || c == '_';
    let decimal = (
        take_while(0.., part),
        opt(('.', take_while(0.., part))),
        opt((one_of(['e', 'E']), opt(one_of(['+', '-'])), digits)),
    );
    let decimal = decimal.take().verify_map(|text: &str| text.replace('_', "").parse::<f64>().ok());
    alt((hex, decimal)).parse_next(rest)
}

/// A text in backquotes, which has no escapes.
fn raw<'a>(rest: &mut &'a str) -> Lexed<&'a str> {
    delimited('`', take_till(0.., '`'), '`').parse_next(rest)
}

/// A text in `quote`s, with the escapes of Go.
fn quoted(rest: &mut &str, quote: char) -> Lexed<String> {
    let _ = any.parse_next(rest)?;
    let mut text = Vec::new();
    loop {
        let one: char = any.parse_next(rest)?;
        match one {
            '\n' => return Err(ContextError::new()),
            '\\' => escaped(rest, quote, &mut text)?,
            one if one == quote => {
                return String::from_utf8(text).map_err(|_| ContextError::new());
            }
            one => text.extend(one.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// The rest of an escape, after its backslash, added to `text`.
fn escaped(rest: &mut &str, quote: char, text: &mut Vec<u8>) -> Lexed<()> {
    let one: char = any.parse_next(rest)?;
    let simple = match one {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' => b'\\',
        one if one == quote => one as u8,
        'x' => return byte(rest, 2, 16, "").map(|byte| text.push(byte as u8)),
        '0'..='3' => {
            return byte(rest, 2, 8, &one.to_string()).map(|byte| text.push(byte as u8));
        }
        'u' | 'U' => {
            let code = byte(rest, if one == 'u' { 4 } else { 8 }, 16, "")?;
            let code = char::from_u32(code).ok_or_else(ContextError::new)?;
            text.extend(code.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(());
        }
        _ => return Err(ContextError::new()),
    };
    text.push(simple);
    Ok(())
}

/// A number of `first` and `count` more digits to the base `radix`.
fn byte(rest: &mut &str, count: usize, radix: u32, first: &str) -> Lexed<u32> {
    let digits: &str = take_while(count, |c: char| c.is_digit(radix)).parse_next(rest)?;
    u32::from_str_radix(&format!("{first}{digits}"), radix).map_err(|_| ContextError::new())
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "\"{name}\""),
            Self::Number(number) => write!(f, "number {number}"),
            Self::Duration(millis) => write!(f, "duration of {millis} ms"),
            Self::Text(text) => write!(f, "string {text:?}"),
            Self::Sign(sign) => write!(f, "\"{sign}\""),
            Self::End => f.write_str("end of input"),
        }
    }
}
