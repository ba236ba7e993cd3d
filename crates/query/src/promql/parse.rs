//! Parses expressions: tokens of [`lex`], by precedence climbing.

mod aggregate;
mod call;
mod matching;
mod modifier;
mod selector;

use super::error::{PromqlError, SyntaxError};
use super::lex::{self, Placed, Token};
use super::syntax::{Binary, Expr, Kind, Operator};

/// The largest length of an expression in bytes.
const MAX_BYTES: usize = 65_536;
/// The largest number of expressions within each other.
const MAX_DEPTH: usize = 64;
/// The largest number of operators of an expression, which bounds the depth of its tree.
const MAX_OPERATORS: usize = 500;
/// How strongly a sign before an expression binds: less than a power, more than a product.
const SIGN_BINDS: u8 = 5;

/// The expression that `text` is.
///
/// # Errors
/// [`PromqlError::Syntax`], and [`PromqlError::Refused`] for parts of PromQL that are not evaluated.
pub(super) fn parse(text: &str) -> Result<Expr, PromqlError> {
    if text.len() > MAX_BYTES {
        let reason = format!("an expression has at most {MAX_BYTES} bytes");
        return Err(SyntaxError::at(text, 0, reason).into());
    }
    let tokens = lex::tokens(text)?;
    if tokens.len() == 1 {
        return Err(SyntaxError::at(text, 0, "no expression found in input").into());
    }
    let mut parser = Parser { text, tokens, at: 0, depth: 0, operators: 0 };
    let expr = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(expr),
        other => {
            let reason = format!("unexpected {other}");
            Err(parser.error(&reason))
        }
    }
}

/// The tokens of an expression, and how far they are parsed.
struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
    operators: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)].0
    }

    fn next(&mut self) -> Token {
        let next = self.peek().clone();
        self.at += 1;
        next
    }

    fn is_at(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(found) if *found == sign)
    }

    /// Whether the next token is the word `word`, in any case.
    fn is_at_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Name(name) if name.eq_ignore_ascii_case(word))
    }

    fn take(&mut self, sign: &str) -> bool {
        let is_there = self.is_at(sign);
        self.at += usize::from(is_there);
        is_there
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_there = self.is_at_word(word);
        self.at += usize::from(is_there);
        is_there
    }

    fn expect(&mut self, sign: &str, within: &str) -> Result<(), PromqlError> {
        match self.take(sign) {
            true => Ok(()),
            false => {
                let reason = format!("unexpected {} in {within}, expected \"{sign}\"", self.peek());
                Err(self.error(&reason))
            }
        }
    }

    /// An error at the next token.
    fn error(&self, reason: &str) -> PromqlError {
        let at = self.tokens[self.at.min(self.tokens.len() - 1)].1;
        SyntaxError::at(self.text, at, reason).into()
    }

    /// An expression whose operators bind more strongly than `least`.
    fn expression(&mut self, least: u8) -> Result<Expr, PromqlError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(&format!("expressions nest at most {MAX_DEPTH} deep")));
        }
        let mut left = self.signed()?;
        while let Some((operator, binds)) = self.operator().filter(|(_, binds)| *binds > least) {
            self.at += 1;
            self.operators += 1;
            if self.operators > MAX_OPERATORS {
                let reason = format!("an expression has at most {MAX_OPERATORS} operators");
                return Err(self.error(&reason));
            }
            let is_bool = self.take_word("bool");
            if is_bool && !operator.is_comparison() {
                return Err(self.error("bool modifier can only be used on comparison operators"));
            }
            let matching = self.matching(operator)?;
            // A power is the only operator that groups to the right.
            let right =
                self.expression(if operator == Operator::Power { binds - 1 } else { binds })?;
            let binary = Binary { operator, left, right, is_bool, matching };
            left = self.checked(binary)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    /// The operator that comes next, and how strongly it binds.
    fn operator(&self) -> Option<(Operator, u8)> {
        let text = match self.peek() {
            Token::Sign(sign) => (*sign).to_owned(),
            Token::Name(name) => name.to_ascii_lowercase(),
            _ => return None,
        };
        let found = Operator::ALL.iter().find(|(written, ..)| *written == text);
        found.map(|(_, operator, binds)| (*operator, *binds))
    }

    fn signed(&mut self) -> Result<Expr, PromqlError> {
        let is_negative = self.is_at("-");
        if !is_negative && !self.is_at("+") {
            let is_bare = !self.is_at("(");
            let expr = self.primary()?;
            return self.modified(expr, is_bare);
        }
        self.at += 1;
        let of = self.expression(SIGN_BINDS)?;
        match of.kind() {
            Kind::Scalar | Kind::Vector if is_negative => Ok(Expr::Negative(Box::new(of))),
            Kind::Scalar | Kind::Vector => Ok(of),
            other => Err(self.error(&format!(
                "unary expression only allowed on expressions of type scalar or instant vector, \
                 got {:?}",
                other.as_str()
            ))),
        }
    }

    fn primary(&mut self) -> Result<Expr, PromqlError> {
        match self.peek().clone() {
            Token::Number(number) => {
                self.at += 1;
                Ok(Expr::Number(number))
            }
            Token::Duration(millis) => {
                self.at += 1;
                Ok(Expr::Number(millis as f64 / 1_000.0))
            }
            Token::Text(text) => {
                self.at += 1;
                Ok(Expr::Text(text))
            }
            Token::Sign("(") => {
                self.at += 1;
                let inner = self.expression(0)?;
                self.expect(")", "paren expression")?;
                Ok(inner)
            }
            Token::Sign("{") => self.selector(None),
            Token::Name(name) => self.named(name),
            other => Err(self.error(&format!("unexpected {other}"))),
        }
    }

    /// A selector, a call or an aggregate, which begins with `name`.
    fn named(&mut self, name: String) -> Result<Expr, PromqlError> {
        let next = self.tokens.get(self.at + 1).map(|(token, _)| token);
        let is_call = next == Some(&Token::Sign("("));
        if let Some(kind) = aggregate::kind(&name) {
            let is_grouped = matches!(next, Some(Token::Name(word))
                if word.eq_ignore_ascii_case("by") || word.eq_ignore_ascii_case("without"));
            if is_call || is_grouped {
                self.at += 1;
                return self.aggregate(kind, &name);
            }
        }
        self.at += 1;
        match is_call {
            true => self.call(&name),
            false => self.selector(Some(name)),
        }
    }

    /// `binary`, if its operands are of kinds that its operator has.
    fn checked(&self, binary: Binary) -> Result<Expr, PromqlError> {
        let kinds = [binary.left.kind(), binary.right.kind()];
        if kinds.iter().any(|kind| !matches!(kind, Kind::Scalar | Kind::Vector)) {
            return Err(
                self.error("binary expression must contain only scalar and instant vector types")
            );
        }
        let both = kinds == [Kind::Vector, Kind::Vector];
        if binary.operator.is_set() && !both {
            return Err(self.error("set operator not allowed in binary scalar expression"));
        }
        if binary.operator.is_comparison() && kinds == [Kind::Scalar; 2] && !binary.is_bool {
            return Err(self.error("comparisons between scalars must use BOOL modifier"));
        }
        if !both && (binary.matching.on || !binary.matching.labels.is_empty()) {
            return Err(self.error("vector matching only allowed between instant vectors"));
        }
        Ok(Expr::Binary(Box::new(binary)))
    }
}
