//! The grammar of a search: conditions, `-`, `OR` and groups.

use coral_engine::Filter;

use super::condition::compile;
use super::error::SyntaxError;
use super::lexer::{Token, TokenKind, tokens};
use super::{Named, Search};

/// The deepest nesting of groups and negations. Each level nests the filter by at most three.
const MAX_DEPTH: usize = Filter::MAX_DEPTH / 4;

pub(super) fn parse(text: &str) -> Result<Option<Search>, SyntaxError> {
    if text.len() > Search::MAX_BYTES {
        let reason = format!("a search has at most {} bytes", Search::MAX_BYTES);
        return Err(SyntaxError::new(0, reason, "ask with fewer conditions"));
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let end = text.chars().count();
    let mut parser =
        Parser { tokens: &tokens, at: 0, end, depth: 0, negations: 0, named: Vec::new() };
    let filter = parser.alternatives()?;
    match parser.peek() {
        // Only a closing parenthesis ends alternatives before the end of the text.
        Some(token) => Err(SyntaxError::new(token.offset, "`)` has no `(` before it", "remove it")),
        None => Ok(Some(Search { filter, named: parser.named })),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    /// The number of characters of the text.
    end: usize,
    depth: usize,
    /// The number of negations around the next condition.
    negations: usize,
    named: Vec<Named>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, kind: &TokenKind) -> bool {
        let is_next = self.peek().is_some_and(|token| token.kind == *kind);
        self.at += usize::from(is_next);
        is_next
    }

    /// `A OR B`.
    fn alternatives(&mut self) -> Result<Filter, SyntaxError> {
        let mut any = vec![self.conjunction()?];
        while self.take(&TokenKind::Or) {
            any.push(self.conjunction()?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Filter::Or(any) })
    }

    /// `A B`, or `A AND B`.
    fn conjunction(&mut self) -> Result<Filter, SyntaxError> {
        let mut all = vec![self.factor()?];
        loop {
            if self.take(&TokenKind::And) {
                all.push(self.factor()?);
                continue;
            }
            match self.peek().map(|token| &token.kind) {
                None | Some(TokenKind::Close | TokenKind::Or) => break,
                Some(_) => all.push(self.factor()?),
            }
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Filter::And(all) })
    }

    /// A condition, a group, or the negation of one.
    fn factor(&mut self) -> Result<Filter, SyntaxError> {
        let Some(token) = self.peek() else {
            return Err(expected(self.end));
        };
        let offset = token.offset;
        let kind = token.kind.clone();
        self.at += 1;
        match kind {
            TokenKind::Condition(condition) => {
                let compiled = compile(&condition)?;
                let is_hidden = self.negations > 0;
                self.named.extend(compiled.named.filter(|_| !is_hidden));
                Ok(compiled.filter)
            }
            TokenKind::Minus => {
                self.negations += 1;
                let inner = self.nested(offset, Self::factor);
                self.negations -= 1;
                Ok(Filter::Not(Box::new(Filter::AnySpan(Box::new(inner?)))))
            }
            TokenKind::Open => {
                let inner = self.nested(offset, Self::alternatives)?;
                if self.take(&TokenKind::Close) {
                    return Ok(inner);
                }
                Err(SyntaxError::new(
                    offset,
                    "`(` has no `)` after it",
                    "write ) at the end of the group",
                ))
            }
            TokenKind::Close | TokenKind::Or | TokenKind::And => Err(expected(offset)),
        }
    }

    fn nested(
        &mut self,
        offset: usize,
        read: fn(&mut Self) -> Result<Filter, SyntaxError>,
    ) -> Result<Filter, SyntaxError> {
        if self.depth == MAX_DEPTH {
            let reason = format!("groups and negations are nested deeper than {MAX_DEPTH}");
            return Err(SyntaxError::new(offset, reason, "ask with fewer parentheses"));
        }
        self.depth += 1;
        let inner = read(self);
        self.depth -= 1;
        inner
    }
}

fn expected(offset: usize) -> SyntaxError {
    SyntaxError::new(offset, "a condition was expected", "write KEY=VALUE, such as service=cart")
}
