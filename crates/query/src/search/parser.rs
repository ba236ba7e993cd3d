//! The grammar of a search: conditions, `-`, `OR` and groups.

use coral_engine::Filter;

use super::condition::{Compiled, compile};
use super::error::SyntaxError;
use super::lexer::{Condition, Token, TokenKind, tokens};
use super::{Named, Search};

/// The deepest nesting of groups and negations. Each level nests the filter by at most three.
const MAX_DEPTH: usize = Filter::MAX_DEPTH / 4;

/// What the conditions of a search are about, and what they become.
pub(super) trait Meaning: Sized {
    /// The meaning of one condition.
    fn of(condition: &Condition) -> Result<Compiled<Self>, SyntaxError>;
    /// All of several, which are at least two.
    fn all(many: Vec<Self>) -> Self;
    /// Any of several, which are at least two.
    fn any(many: Vec<Self>) -> Self;
    /// The meaning of `-` before `inner`.
    fn without(inner: Self) -> Self;
}

/// Conditions on traces: one span meets all, and `-` excludes traces with a span that meets them.
impl Meaning for Filter {
    fn of(condition: &Condition) -> Result<Compiled<Self>, SyntaxError> {
        compile(condition)
    }

    fn all(many: Vec<Self>) -> Self {
        Self::And(many)
    }

    fn any(many: Vec<Self>) -> Self {
        Self::Or(many)
    }

    fn without(inner: Self) -> Self {
        Self::Not(Box::new(Self::AnySpan(Box::new(inner))))
    }
}

/// The meaning of `text`, and the keys that it names; `None` if it has no condition.
pub(super) fn parse<M: Meaning>(text: &str) -> Result<Option<(M, Vec<Named>)>, SyntaxError> {
    if text.len() > Search::MAX_BYTES {
        let reason = format!("a search has at most {} bytes", Search::MAX_BYTES);
        return Err(SyntaxError::new(0, reason, "ask with fewer conditions"));
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let is_condition = |token: &&Token| matches!(token.kind, TokenKind::Condition(_));
    if let Some(token) = tokens.iter().filter(is_condition).nth(Search::MAX_CONDITIONS) {
        let reason = format!("a search has at most {} conditions", Search::MAX_CONDITIONS);
        let hint = "join values of one key to a regular expression: name~\"list|cart\"";
        return Err(SyntaxError::new(token.offset, reason, hint));
    }
    let end = text.chars().count();
    let mut parser =
        Parser { tokens: &tokens, at: 0, end, depth: 0, negations: 0, named: Vec::new() };
    let meaning = parser.alternatives()?;
    match parser.peek() {
        // Only a closing parenthesis ends alternatives before the end of the text.
        Some(token) => Err(SyntaxError::new(token.offset, "`)` has no `(` before it", "remove it")),
        None => Ok(Some((meaning, parser.named))),
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
    fn alternatives<M: Meaning>(&mut self) -> Result<M, SyntaxError> {
        let mut any = vec![self.conjunction()?];
        while self.take(&TokenKind::Or) {
            any.push(self.conjunction()?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { M::any(any) })
    }

    /// `A B`, or `A AND B`.
    fn conjunction<M: Meaning>(&mut self) -> Result<M, SyntaxError> {
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
        Ok(if all.len() == 1 { all.remove(0) } else { M::all(all) })
    }

    /// A condition, a group, or the negation of one.
    fn factor<M: Meaning>(&mut self) -> Result<M, SyntaxError> {
        let Some(token) = self.peek() else {
            return Err(expected(self.end));
        };
        let offset = token.offset;
        let kind = token.kind.clone();
        self.at += 1;
        match kind {
            TokenKind::Condition(condition) => {
                let compiled = M::of(&condition)?;
                let is_hidden = self.negations > 0;
                self.named.extend(compiled.named.filter(|_| !is_hidden));
                Ok(compiled.meaning)
            }
            TokenKind::Minus => {
                self.negations += 1;
                let inner = self.nested(offset, Self::factor);
                self.negations -= 1;
                Ok(M::without(inner?))
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

    fn nested<M: Meaning>(
        &mut self,
        offset: usize,
        read: fn(&mut Self) -> Result<M, SyntaxError>,
    ) -> Result<M, SyntaxError> {
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
