//! Splits a statement into pieces: words, literals, comments and operators.
//!
//! The scanner reads each byte a bounded number of times, accepts any text, and never panics. If
//! databases would read a piece differently, or none can read it, the scanner stops with
//! [`Stop::Doubtful`]: the caller then shows nothing of the statement.

use super::dialect::Dialect;
use super::extent;

/// The kind of a piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Space,
    Comment,
    /// A name, a keyword or a `@variable`.
    Word,
    /// A name between backticks.
    Backticked,
    /// A text between double quotes, which some databases read as a name.
    Quoted,
    /// A text, a number or bytes.
    Literal,
    /// `$1`, `?` or `?1`.
    Placeholder,
    /// An operator, a part of an operator, or punctuation.
    Operator,
}

/// A piece of a statement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
}

/// Why the scanner stopped before the end of the statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stop {
    /// A literal or a comment has no end.
    CutOff,
    /// The end of this piece depends on the database or its settings.
    Doubtful,
}

/// The kind of a piece, and its length in bytes.
pub(super) type Extent = Result<(Kind, usize), Stop>;

/// The pieces of a statement, in order; the last one may be a [`Stop`].
pub(super) struct Scanner<'a> {
    rest: &'a str,
    dialect: Dialect,
    before: Option<Piece<'a>>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(statement: &'a str, dialect: Dialect) -> Self {
        Self { rest: statement, dialect, before: None }
    }

    fn extent(&self, first: char) -> Extent {
        let (rest, dialect) = (self.rest, self.dialect);
        let second = rest[first.len_utf8()..].chars().next();
        let is_fraction = second.is_some_and(|digit| digit.is_ascii_digit());
        match first {
            '\r' if second == Some('\n') => Ok((Kind::Space, 2)),
            _ if first.is_ascii() && first.is_whitespace() => Ok((Kind::Space, 1)),
            '\'' => extent::text(rest, 0, dialect == Dialect::MySql),
            '"' if dialect == Dialect::MySql => extent::text(rest, 0, true),
            '"' => extent::text(rest, 0, false).map(|(_, bytes)| (Kind::Quoted, bytes)),
            '`' if dialect != Dialect::Postgres => {
                extent::text(rest, 0, false).map(|(_, bytes)| (Kind::Backticked, bytes))
            }
            '-' if second == Some('-') && dialect.comments_before(rest[2..].chars().next()) => {
                self.comment(Ok(extent::line(rest, dialect)))
            }
            '/' if second == Some('*') => self.comment(extent::block(rest)),
            '#' if dialect == Dialect::MySql => Ok(extent::line(rest, dialect)),
            '0'..='9' => extent::number(rest),
            '.' if is_fraction => extent::number(rest),
            '.' if second == Some('_') && !self.is_after_name() => Err(Stop::Doubtful),
            '$' if dialect != Dialect::MySql => extent::dollar(rest),
            '?' if dialect != Dialect::Postgres => Ok(extent::question_mark(rest)),
            _ if dialect.begins_word(first) => extent::word(rest, dialect),
            _ => extent::operator(rest, dialect),
        }
    }

    /// Passes on the extent of a comment. A comment directly after an operator is doubtful, as in
    /// `<--`: PostgreSQL ends an operator where a comment begins, and other databases may not.
    fn comment(&self, extent: Extent) -> Extent {
        let is_operator = |piece: &Piece<'_>| {
            let signs = "+-*/<>=~!@#%^&|?";
            piece.kind == Kind::Operator && piece.text.ends_with(|sign| signs.contains(sign))
        };
        match &self.before {
            Some(piece) if is_operator(piece) => Err(Stop::Doubtful),
            _ => extent,
        }
    }

    fn is_after_name(&self) -> bool {
        let kind = self.before.map(|piece| piece.kind);
        matches!(kind, Some(Kind::Word | Kind::Backticked | Kind::Quoted))
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Result<Piece<'a>, Stop>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.rest.chars().next()?;
        let piece = self.extent(first).map(|(kind, bytes)| {
            let (text, rest) = self.rest.split_at(bytes);
            self.rest = rest;
            Piece { kind, text }
        });
        match piece {
            Ok(piece) => self.before = Some(piece),
            Err(_) => self.rest = "",
        }
        Some(piece)
    }
}
