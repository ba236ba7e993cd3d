//! A place in the tokens of a query.

use super::{MAX_BYTES, MAX_DEPTH};
use crate::error::SyntaxError;
use crate::token::{Token, TokenKind, tokens};

/// The tokens of a query, and how many are read.
pub(super) struct Cursor<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

/// The words that are no names of hints.
const KEYWORDS: [&str; 53] = [
    "true",
    "false",
    "nil",
    "ok",
    "error",
    "unset",
    "unspecified",
    "internal",
    "server",
    "client",
    "producer",
    "consumer",
    "duration",
    "childCount",
    "name",
    "status",
    "statusMessage",
    "kind",
    "rootName",
    "rootServiceName",
    "rootService",
    "traceDuration",
    "nestedSetLeft",
    "nestedSetRight",
    "nestedSetParent",
    "id",
    "traceID",
    "spanID",
    "parentID",
    "timeSinceStart",
    "version",
    "parent",
    "count",
    "avg",
    "max",
    "min",
    "sum",
    "by",
    "coalesce",
    "select",
    "rate",
    "count_over_time",
    "min_over_time",
    "max_over_time",
    "avg_over_time",
    "sum_over_time",
    "quantile_over_time",
    "histogram_over_time",
    "compare",
    "topk",
    "bottomk",
    "with",
    "cidr",
];

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, SyntaxError> {
        if text.len() > MAX_BYTES {
            let message = format!("a query has at most {MAX_BYTES} bytes, and not {}", text.len());
            return Err(SyntaxError::at(text, 0, message));
        }
        Ok(Self { text, tokens: tokens(text)?, at: 0, depth: 0 })
    }

    pub(super) fn peek(&self) -> &TokenKind {
        &self.tokens[self.at].kind
    }

    /// The token after the next one.
    pub(super) fn peek_second(&self) -> &TokenKind {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)].kind
    }

    /// Reads the next token. The end is read again and again.
    pub(super) fn next(&mut self) -> TokenKind {
        let kind = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        kind
    }

    /// Reads `sign` if it is next.
    pub(super) fn take(&mut self, sign: &str) -> bool {
        let is_next = matches!(self.peek(), TokenKind::Sign(next) if *next == sign);
        if is_next {
            self.next();
        }
        is_next
    }

    /// Reads `word` if it is next.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let is_next = matches!(self.peek(), TokenKind::Word(next) if next == word);
        if is_next {
            self.next();
        }
        is_next
    }

    pub(super) fn expect(&mut self, sign: &str) -> Result<(), SyntaxError> {
        if self.take(sign) {
            return Ok(());
        }
        let mut error = self.unexpected();
        error.message.push_str(&format!(", expecting {sign}"));
        Err(error)
    }

    pub(super) fn end(&self) -> Result<(), SyntaxError> {
        if *self.peek() == TokenKind::End { Ok(()) } else { Err(self.unexpected()) }
    }

    pub(super) fn hint_name(&mut self) -> Result<String, SyntaxError> {
        match self.peek() {
            TokenKind::Word(name) if !KEYWORDS.contains(&name.as_str()) => {
                let name = name.clone();
                self.next();
                Ok(name)
            }
            _ => Err(self.unexpected()),
        }
    }

    /// The error that the next token is not in the grammar.
    pub(super) fn unexpected(&self) -> SyntaxError {
        let bytes = self.tokens[self.at].bytes.clone();
        let token = match self.peek() {
            TokenKind::End => "$end",
            _ => &self.text[bytes.clone()],
        };
        let shown: String = token.chars().take(64).collect();
        self.error(format!("syntax error: unexpected {shown}"))
    }

    /// An error at the next token.
    pub(super) fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError::at(self.text, self.tokens[self.at].bytes.start, message)
    }

    /// Parses what is one level deeper.
    pub(super) fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        self.check_depth(1)?;
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// Checks that `more` levels may be added.
    pub(super) fn check_depth(&self, more: usize) -> Result<(), SyntaxError> {
        if self.depth + more > MAX_DEPTH {
            return Err(self.error(format!("a query is at most {MAX_DEPTH} levels deep")));
        }
        Ok(())
    }
}
