//! Expressions on the fields of a span.

use coral_trace::{SpanKind, StatusCode};

use super::cursor::Cursor;
use crate::attribute::{Attribute, Intrinsic};
use crate::cidr::Prefix;
use crate::error::SyntaxError;
use crate::expression::{Expression, Unary};
use crate::operator::{COMPARISON, LOGIC, NOT, Operator, SUM};
use crate::token::TokenKind;
use crate::value::Static;

/// An expression, and how many levels it has.
struct Sized {
    expression: Expression,
    depth: usize,
}

/// An expression.
pub(super) fn expression(cursor: &mut Cursor<'_>) -> Result<Expression, SyntaxError> {
    Ok(binary(cursor, LOGIC)?.expression)
}

/// An expression of operators that bind at least as strongly as `least`.
fn binary(cursor: &mut Cursor<'_>, least: u8) -> Result<Sized, SyntaxError> {
    let mut left = operand(cursor)?;
    loop {
        let TokenKind::Sign(sign) = cursor.peek() else { return Ok(left) };
        let Some(op) = Operator::named(sign).filter(|op| op.precedence() >= least) else {
            return Ok(left);
        };
        let is_nil = matches!(cursor.peek_second(), TokenKind::Word(word) if word == "nil");
        if op.is_equality() && is_nil {
            cursor.next();
            cursor.next();
            left = of_nil(cursor, op, left)?;
            continue;
        }
        cursor.next();
        let is_right = op == Operator::Power;
        let right = cursor.deeper(|cursor| {
            binary(cursor, if is_right { op.precedence() } else { op.precedence() + 1 })
        })?;
        left = join(cursor, op, left, right)?;
    }
}

fn join(
    cursor: &Cursor<'_>,
    op: Operator,
    left: Sized,
    right: Sized,
) -> Result<Sized, SyntaxError> {
    let is_and = op == Operator::And;
    let continues = (is_and || op == Operator::Or)
        && matches!(&left.expression, Expression::Logic { is_and: of, .. } if *of == is_and);
    let depth =
        if continues { left.depth.max(right.depth + 1) } else { left.depth.max(right.depth) + 1 };
    cursor.check_depth(depth)?;
    let expression = Expression::binary(op, left.expression, right.expression)
        .map_err(|message| cursor.error(message))?;
    Ok(Sized { expression, depth })
}

fn of_nil(cursor: &Cursor<'_>, op: Operator, of: Sized) -> Result<Sized, SyntaxError> {
    let op = if op == Operator::Equal { Unary::NotExists } else { Unary::Exists };
    unary(cursor, op, of)
}

fn unary(cursor: &Cursor<'_>, op: Unary, of: Sized) -> Result<Sized, SyntaxError> {
    cursor.check_depth(of.depth + 1)?;
    Ok(Sized { expression: Expression::unary(op, of.expression), depth: of.depth + 1 })
}

fn operand(cursor: &mut Cursor<'_>) -> Result<Sized, SyntaxError> {
    if cursor.take("(") {
        let inner = cursor.deeper(|cursor| binary(cursor, LOGIC))?;
        cursor.expect(")")?;
        return Ok(inner);
    }
    if cursor.take("-") {
        let of = cursor.deeper(|cursor| binary(cursor, SUM + 1))?;
        return unary(cursor, Unary::Minus, of);
    }
    if cursor.take("!") {
        let of = cursor.deeper(|cursor| binary(cursor, NOT + 1))?;
        return unary(cursor, Unary::Not, of);
    }
    if cursor.take_word("nil") {
        return nil(cursor);
    }
    if cursor.take_word("cidr") {
        return cidr(cursor);
    }
    let expression = match literal(cursor)? {
        Some(literal) => Expression::Static(literal),
        None => Expression::Attribute(attribute(cursor)?),
    };
    Ok(Sized { expression, depth: 1 })
}

/// `nil = expression`, `nil != expression` and `nil = nil`, after the `nil`.
fn nil(cursor: &mut Cursor<'_>) -> Result<Sized, SyntaxError> {
    let op = match cursor.peek() {
        TokenKind::Sign("=") => Operator::Equal,
        TokenKind::Sign("!=") => Operator::NotEqual,
        _ => return Err(cursor.unexpected()),
    };
    cursor.next();
    let ends = |kind: &TokenKind| !matches!(kind, TokenKind::Sign("=" | "!="));
    if matches!(cursor.peek(), TokenKind::Word(word) if word == "nil") && ends(cursor.peek_second())
    {
        cursor.next();
        return Ok(Sized { expression: Expression::Static(Static::Bool(false)), depth: 1 });
    }
    let of = cursor.deeper(|cursor| binary(cursor, COMPARISON + 1))?;
    of_nil(cursor, op, of)
}

/// The arguments of `cidr`.
fn cidr(cursor: &mut Cursor<'_>) -> Result<Sized, SyntaxError> {
    cursor.expect("(")?;
    let of = cursor.deeper(|cursor| binary(cursor, LOGIC))?;
    let mut prefixes = Vec::new();
    while cursor.take(",") {
        match cursor.peek().clone() {
            TokenKind::String(text) => prefixes.push(Prefix::new(text)),
            _ => return Err(cursor.unexpected()),
        }
        cursor.next();
    }
    if prefixes.is_empty() {
        return Err(cursor.unexpected());
    }
    cursor.expect(")")?;
    cursor.check_depth(of.depth + 1)?;
    let expression = Expression::Cidr { of: Box::new(of.expression), prefixes };
    Ok(Sized { expression, depth: of.depth + 1 })
}

/// An attribute or an intrinsic.
pub(super) fn attribute(cursor: &mut Cursor<'_>) -> Result<Attribute, SyntaxError> {
    let found = match (cursor.peek(), cursor.peek_second()) {
        (TokenKind::Attribute(attribute), _) => Some(attribute.clone()),
        (TokenKind::Word(name), _) => Intrinsic::plain(name).map(Attribute::Intrinsic),
        (TokenKind::Scope(scope), TokenKind::Word(name)) => {
            let found = Intrinsic::scoped(scope, name).map(Attribute::Intrinsic);
            cursor.next();
            found
        }
        _ => None,
    };
    let found = found.ok_or_else(|| cursor.unexpected())?;
    cursor.next();
    Ok(found)
}

/// Attributes in parentheses, at least one.
pub(super) fn attributes(cursor: &mut Cursor<'_>) -> Result<Vec<Attribute>, SyntaxError> {
    cursor.expect("(")?;
    let mut all = vec![attribute(cursor)?];
    while cursor.take(",") {
        all.push(attribute(cursor)?);
    }
    cursor.expect(")")?;
    Ok(all)
}

/// A literal; `None` if the next token is no literal.
pub(super) fn literal(cursor: &mut Cursor<'_>) -> Result<Option<Static>, SyntaxError> {
    let found = match cursor.peek() {
        TokenKind::String(text) => Static::String(text.clone()),
        TokenKind::Int(number) => Static::Int(*number),
        TokenKind::Float(number) => Static::Float(*number),
        TokenKind::Duration(nanos) => Static::Duration(*nanos),
        TokenKind::Word(word) => match named(word) {
            Some(found) => found,
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    cursor.next();
    Ok(Some(found))
}

fn named(word: &str) -> Option<Static> {
    Some(match word {
        "true" => Static::Bool(true),
        "false" => Static::Bool(false),
        "ok" => Static::Status(StatusCode::Ok),
        "error" => Static::Status(StatusCode::Error),
        "unset" => Static::Status(StatusCode::Unset),
        "unspecified" => Static::Kind(SpanKind::Unspecified),
        "internal" => Static::Kind(SpanKind::Internal),
        "server" => Static::Kind(SpanKind::Server),
        "client" => Static::Kind(SpanKind::Client),
        "producer" => Static::Kind(SpanKind::Producer),
        "consumer" => Static::Kind(SpanKind::Consumer),
        "minInt" => Static::Int(i64::MIN),
        "maxInt" => Static::Int(i64::MAX),
        _ => return None,
    })
}
