//! Functions of metrics, and the stages after them.

use super::cursor::Cursor;
use super::{field, operand};
use crate::error::SyntaxError;
use crate::operator::Operator;
use crate::query::{MetricsFunction, MetricsOperator, Stage};
use crate::token::TokenKind;

/// A function of metrics; `None` if the next word is none.
pub(super) fn function(cursor: &mut Cursor<'_>) -> Result<Option<MetricsFunction>, SyntaxError> {
    if cursor.take_word("compare") {
        return compare(cursor).map(Some);
    }
    let TokenKind::Word(word) = cursor.peek() else { return Ok(None) };
    let Some(op) = MetricsOperator::named(word) else { return Ok(None) };
    cursor.next();
    cursor.expect("(")?;
    let of = match op {
        MetricsOperator::Rate | MetricsOperator::CountOverTime => None,
        _ => Some(field::attribute(cursor)?),
    };
    let mut quantiles = Vec::new();
    if op == MetricsOperator::QuantileOverTime {
        cursor.expect(",")?;
        quantiles.push(number(cursor)?);
        while cursor.take(",") {
            quantiles.push(number(cursor)?);
        }
    }
    cursor.expect(")")?;
    let by = if cursor.take_word("by") { field::attributes(cursor)? } else { Vec::new() };
    Ok(Some(MetricsFunction::Aggregate { op, of, quantiles, by }))
}

/// `topk`, `bottomk` and comparisons, in their order.
pub(super) fn stages(cursor: &mut Cursor<'_>) -> Result<Vec<Stage>, SyntaxError> {
    let mut stages = Vec::new();
    loop {
        match cursor.peek() {
            TokenKind::Sign("|") => {
                cursor.next();
                stages.push(ranked(cursor)?);
            }
            TokenKind::Sign(sign) => match Operator::named(sign) {
                Some(op) if op.is_comparison() && !op.is_regex() => {
                    cursor.next();
                    stages.push(Stage::Filter(op, threshold(cursor)?));
                }
                _ => return Ok(stages),
            },
            _ => return Ok(stages),
        }
    }
}

fn ranked(cursor: &mut Cursor<'_>) -> Result<Stage, SyntaxError> {
    let is_top = cursor.take_word("topk");
    if !is_top && !cursor.take_word("bottomk") {
        return Err(cursor.unexpected());
    }
    cursor.expect("(")?;
    let limit = integer(cursor)?;
    cursor.expect(")")?;
    Ok(if is_top { Stage::Top(limit) } else { Stage::Bottom(limit) })
}

/// The number of a comparison; a duration is in seconds.
fn threshold(cursor: &mut Cursor<'_>) -> Result<f64, SyntaxError> {
    let sign = if cursor.take("-") { -1.0 } else { 1.0 };
    let size = match *cursor.peek() {
        TokenKind::Int(number) => number as f64,
        TokenKind::Float(number) => number,
        TokenKind::Duration(nanos) => nanos as f64 / 1e9,
        _ => return Err(cursor.unexpected()),
    };
    cursor.next();
    Ok(sign * size)
}

fn number(cursor: &mut Cursor<'_>) -> Result<f64, SyntaxError> {
    let number = match *cursor.peek() {
        TokenKind::Int(number) => number as f64,
        TokenKind::Float(number) => number,
        _ => return Err(cursor.unexpected()),
    };
    cursor.next();
    Ok(number)
}

fn integer(cursor: &mut Cursor<'_>) -> Result<i64, SyntaxError> {
    let TokenKind::Int(number) = *cursor.peek() else { return Err(cursor.unexpected()) };
    cursor.next();
    Ok(number)
}

/// The arguments of `compare`.
fn compare(cursor: &mut Cursor<'_>) -> Result<MetricsFunction, SyntaxError> {
    cursor.expect("(")?;
    cursor.expect("{")?;
    let filter = operand::filter(cursor)?;
    let (mut top, mut start, mut end) = (10, 0, 0);
    if cursor.take(",") {
        top = integer(cursor)?;
        if cursor.take(",") {
            start = integer(cursor)?;
            cursor.expect(",")?;
            end = integer(cursor)?;
        }
    }
    cursor.expect(")")?;
    Ok(MetricsFunction::Compare { filter, top, start, end })
}
