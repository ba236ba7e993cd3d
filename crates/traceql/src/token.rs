//! The tokens of a query, by the rules of Go's scanner, which Tempo uses.

use std::ops::Range;

use winnow::combinator::{alt, opt, preceded, repeat};
use winnow::prelude::*;
use winnow::token::{any, literal, one_of, take_till, take_until, take_while};

use crate::attribute::{Attribute, Scope, is_key_character};
use crate::duration;
use crate::error::SyntaxError;

/// A token and its place.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) bytes: Range<usize>,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum TokenKind {
    /// An operator, a parenthesis, a brace or a comma.
    Sign(&'static str),
    /// A name: a keyword, an intrinsic or the name of a hint.
    Word(String),
    /// An attribute with its scope: `span.key`.
    Attribute(Attribute),
    /// The scope of an intrinsic, without its colon.
    Scope(&'static str),
    String(String),
    Int(i64),
    Float(f64),
    Duration(i64),
    /// The end of the query.
    End,
}

/// The signs; of two that begin alike, the longer one comes first.
const SIGNS: [&str; 34] = [
    "!>>", "!<<", "&>>", "&<<", "!=", "=~", "!~", ">=", "<=", "&&", "||", ">>", "<<", "!>", "!<",
    "&~", "&>", "&<", "{", "}", "(", ")", ",", "=", ">", "<", "+", "-", "/", "%", "*", "^", "!",
    "|",
];
const TILDE: &str = "~";

/// The scopes of intrinsics.
const INTRINSIC_SCOPES: [&str; 5] = ["trace", "span", "event", "link", "instrumentation"];

/// The tokens of `text`, of which the last is [`TokenKind::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut input = text;
    let mut tokens = Vec::new();
    loop {
        let at = |input: &str| text.len() - input.len();
        let failed = |input: &str, message: String| SyntaxError::at(text, at(input), message);
        if let Err(message) = skip_blank(&mut input) {
            return Err(failed(input, message));
        }
        let start = at(input);
        let kind = match input.is_empty() {
            true => TokenKind::End,
            false => token(&mut input).map_err(|message| failed(&text[start..], message))?,
        };
        let is_end = kind == TokenKind::End;
        tokens.push(Token { kind, bytes: start..at(input) });
        if is_end {
            return Ok(tokens);
        }
    }
}

/// What a token's rule returns: `None` if the input begins with no such token.
type Read<T> = Result<Option<T>, String>;

/// A rule of winnow; what it reads is taken only if the rule holds.
fn read<'a, T>(
    input: &mut &'a str,
    mut rule: impl Parser<&'a str, T, winnow::error::EmptyError>,
) -> Option<T> {
    let before = *input;
    let found = rule.parse_next(input).ok();
    if found.is_none() {
        *input = before;
    }
    found
}

/// White space and comments.
fn skip_blank(input: &mut &str) -> Result<(), String> {
    let white = take_while(1.., [' ', '\t', '\n', '\r']).void();
    let line = ("//", take_till(0.., '\n')).void();
    let block = ("/*", take_until(0.., "*/"), "*/").void();
    let blank = alt((white, line, block));
    let _: Option<()> = read(input, repeat(0.., blank));
    if input.starts_with("/*") { Err("comment not terminated".to_owned()) } else { Ok(()) }
}

fn token(input: &mut &str) -> Result<TokenKind, String> {
    if let Some(token) = number(input)? {
        return Ok(token);
    }
    if let Some(token) = attribute(input)? {
        return Ok(TokenKind::Attribute(token));
    }
    let text = match quoted(input)? {
        Some(text) => Some(text),
        None => raw(input)?,
    };
    if let Some(text) = text {
        return Ok(TokenKind::String(text));
    }
    for sign in SIGNS.into_iter().chain([TILDE]) {
        if read(input, literal(sign)).is_some() {
            return Ok(TokenKind::Sign(sign));
        }
    }
    if let Some(word) = read(input, word) {
        let scope = INTRINSIC_SCOPES.into_iter().find(|scope| *scope == word);
        return Ok(match scope.filter(|_| read(input, ':').is_some()) {
            Some(scope) => TokenKind::Scope(scope),
            None => TokenKind::Word(word.to_owned()),
        });
    }
    let unexpected = input.chars().next().unwrap_or_default();
    Err(format!("syntax error: unexpected {unexpected:?}"))
}

type Rule<T> = Result<T, winnow::error::EmptyError>;

fn word<'a>(input: &mut &'a str) -> Rule<&'a str> {
    let first = one_of(|character: char| character.is_alphabetic() || character == '_');
    let more = |character: char| character.is_alphanumeric() || character == '_';
    (first, take_while(0.., more)).take().parse_next(input)
}

/// A key with its scope: `.key`, `span.key`, `parent.span.key`.
fn attribute(input: &mut &str) -> Read<Attribute> {
    let scoped = (word, '.').map(|(word, _): (&str, char)| word);
    let before = *input;
    let scope = match read(input, alt((scoped, '.'.value("")))) {
        Some("") => Scope::None,
        Some("parent") => {
            let inner =
                read(input, alt(("span.".value(Scope::Span), "resource.".value(Scope::Resource))));
            let key = key(input)?;
            return Ok(Some(Attribute::OfParent { scope: inner.unwrap_or(Scope::None), key }));
        }
        Some(name) => match Scope::named(name) {
            Some(scope) => scope,
            None => {
                *input = before;
                return Ok(None);
            }
        },
        None => return Ok(None),
    };
    Ok(Some(Attribute::Key { scope, key: key(input)? }))
}

/// A key, parts of which may be in quotes.
fn key(input: &mut &str) -> Result<String, String> {
    let mut key = String::new();
    let before = *input;
    loop {
        let plain = |character: char| is_key_character(character) && character != '"';
        if let Some(text) = read(input, take_while(1.., plain)) {
            key.push_str(text);
        } else if read(input, '"').is_some() {
            loop {
                match read(input, any) {
                    Some('"') => break,
                    Some('\\') => match read(input, one_of(['\\', '"'])) {
                        Some(escaped) => key.push(escaped),
                        None => return Err("invalid escape sequence".to_owned()),
                    },
                    Some(character) => key.push(character),
                    None => return Err("unexpected EOF, expecting \"".to_owned()),
                }
            }
        } else if before.len() == input.len() {
            return Err("syntax error: unexpected END_ATTRIBUTE, expecting IDENTIFIER".to_owned());
        } else {
            return Ok(key);
        }
    }
}

/// An integer, a float or a duration.
fn number(input: &mut &str) -> Read<TokenKind> {
    let digits = |input: &mut &str| -> Rule<()> {
        take_while(1.., |c: char| c.is_ascii_digit()).void().parse_next(input)
    };
    let exponent = |input: &mut &str| -> Rule<()> {
        (one_of(['e', 'E']), opt(one_of(['+', '-'])), digits).void().parse_next(input)
    };
    let fraction = |input: &mut &str| -> Rule<()> {
        ('.', opt(digits), opt(exponent)).void().parse_next(input)
    };
    let before = *input;
    let float = alt((
        (digits, fraction).void(),
        (digits, exponent).void(),
        ('.', digits, opt(exponent)).void(),
    ));
    let Some((text, is_float)) = read(
        input,
        alt((float.take().map(|text| (text, true)), digits.take().map(|text| (text, false)))),
    ) else {
        return Ok(None);
    };
    let unit = |c: char| c.is_numeric() || "nsumhµdwy.".contains(c);
    let after = *input;
    if let Some(rest) = read(input, take_while(1.., unit)) {
        let whole = &before[..text.len() + rest.len()];
        if let Some(nanos) = duration::parse(whole) {
            return Ok(Some(TokenKind::Duration(nanos)));
        }
        *input = after;
    }
    // Numbers with another base, or with `_`, are numbers for Go's scanner and not for Tempo.
    let odd = after.starts_with(['x', 'X', 'b', 'B', 'o', 'O', '_']) && !is_float;
    let octal = !is_float && text.len() > 1 && text.starts_with('0') && text.contains(['8', '9']);
    if odd || octal {
        return Err(format!("parsing {text:?}: invalid syntax"));
    }
    if is_float {
        let number: f64 = text.parse().map_err(|_| format!("parsing {text:?}: invalid syntax"))?;
        if number.is_infinite() {
            return Err(format!("parsing {text:?}: value out of range"));
        }
        return Ok(Some(TokenKind::Float(number)));
    }
    let number = text.parse().map_err(|_| format!("parsing {text:?}: value out of range"))?;
    Ok(Some(TokenKind::Int(number)))
}

/// A text between backticks, in which nothing is escaped.
fn raw(input: &mut &str) -> Read<String> {
    if !input.starts_with('`') {
        return Ok(None);
    }
    match read(input, ('`', take_until(0.., "`"), '`').map(|(_, text, _): (_, &str, _)| text)) {
        Some(text) => Ok(Some(text.replace('\r', ""))),
        None => Err("literal not terminated".to_owned()),
    }
}

/// A text between quotes, with the escapes of Go.
fn quoted(input: &mut &str) -> Read<String> {
    if read(input, '"').is_none() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    loop {
        match read(input, any) {
            Some('"') => return Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Some('\\') => match read(input, escape) {
                Some(escaped) => bytes.extend(escaped),
                None => return Err("invalid char escape".to_owned()),
            },
            Some('\n') | None => return Err("literal not terminated".to_owned()),
            Some(character) => {
                bytes.extend(character.encode_utf8(&mut [0; 4]).bytes());
            }
        }
    }
}

/// The bytes of the escape sequence after a backslash.
fn escape(input: &mut &str) -> Rule<Vec<u8>> {
    let hex = |digits: usize| {
        take_while(digits, |c: char| c.is_ascii_hexdigit())
            .verify_map(|text: &str| u32::from_str_radix(text, 16).ok())
    };
    let character =
        |code: u32| char::from_u32(code).map(|character| character.to_string().into_bytes());
    let octal = take_while(3, '0'..='7')
        .verify_map(|text: &str| u8::from_str_radix(text, 8).ok())
        .map(|byte| vec![byte]);
    let single = one_of(['a', 'b', 'f', 'n', 'r', 't', 'v', '\\', '"']).map(|c| {
        vec![match c {
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 11,
            other => other as u8,
        }]
    });
    alt((
        single,
        octal,
        preceded('x', hex(2)).map(|code| vec![code as u8]),
        preceded('u', hex(4)).verify_map(character),
        preceded('U', hex(8)).verify_map(character),
    ))
    .parse_next(input)
}
