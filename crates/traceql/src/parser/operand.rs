//! Span sets, scalars and pipelines, and what operators make of them.
//!
//! A parenthesis may begin a span set, a scalar or a whole pipeline. Which of them it is shows at its
//! end, so that all are read by one rule, and each operator checks what its operands are.

use super::cursor::Cursor;
use super::{field, metrics};
use crate::error::SyntaxError;
use crate::expression::Expression;
use crate::operator::{LOGIC, Operator, SpansetOperator};
use crate::query::{
    Aggregate, AggregateFunction, Element, Metrics, MetricsSource, Pipeline, Scalar, ScalarFilter,
    Spanset,
};
use crate::token::TokenKind;
use crate::value::Static;

/// What was read.
pub(super) enum Operand {
    /// Filters, and operators between them.
    Spanset { spanset: Spanset, depth: usize },
    /// Pipelines in parentheses, and operators between them.
    Pipelines(Spanset),
    /// A number of the span set before it.
    Scalar(Scalar),
    /// Pipelines in parentheses that end with an aggregate, and operators between them.
    ScalarPipeline(Scalar),
    /// A comparison of scalars.
    ScalarFilter(ScalarFilter),
    /// A comparison of pipelines that end with an aggregate. Nothing follows it.
    PipelineFilter(ScalarFilter),
    /// A pipeline without parentheses.
    Elements(Vec<Element>),
    /// A pipeline without parentheses that ends with an aggregate.
    ScalarElements(Vec<Element>),
    /// Series; `is_wrapped` if they are in parentheses, and may be operands.
    Metrics { metrics: Metrics, is_wrapped: bool },
}

/// A pipeline, or an expression that may be a part of one.
pub(super) fn chain(cursor: &mut Cursor<'_>) -> Result<Operand, SyntaxError> {
    let first = match step(cursor)? {
        Some(step) => Operand::Elements(vec![step]),
        None => binary(cursor, LOGIC, false)?.0,
    };
    // A stage of series belongs to the caller.
    let is_series = matches!(first, Operand::Metrics { .. });
    if is_series || !matches!(cursor.peek(), TokenKind::Sign("|")) {
        return Ok(first);
    }
    let mut elements = match first {
        Operand::Elements(elements) => elements,
        Operand::Spanset { spanset, .. } => vec![Element::Spanset(spanset)],
        Operand::ScalarFilter(filter) => vec![Element::ScalarFilter(filter)],
        _ => return Err(cursor.unexpected()),
    };
    while cursor.take("|") {
        if let Some(function) = metrics::function(cursor)? {
            let stages = metrics::stages(cursor)?;
            let source = MetricsSource::Leaf { pipeline: Pipeline { elements }, function };
            return Ok(Operand::Metrics { metrics: Metrics { source, stages }, is_wrapped: false });
        }
        if cursor.take_word("coalesce") {
            cursor.expect("(")?;
            cursor.expect(")")?;
            elements.push(Element::Coalesce);
        } else if let Some(step) = step(cursor)? {
            elements.push(step);
        } else {
            match binary(cursor, LOGIC, false)?.0 {
                Operand::Spanset { spanset, .. } => elements.push(Element::Spanset(spanset)),
                Operand::ScalarFilter(filter) => elements.push(Element::ScalarFilter(filter)),
                Operand::Scalar(Scalar::Aggregate(aggregate)) => {
                    elements.push(Element::Aggregate(aggregate));
                    return Ok(Operand::ScalarElements(elements));
                }
                _ => return Err(cursor.unexpected()),
            }
        }
    }
    Ok(Operand::Elements(elements))
}

/// `by(…)` and `select(…)`.
fn step(cursor: &mut Cursor<'_>) -> Result<Option<Element>, SyntaxError> {
    if cursor.take_word("by") {
        cursor.expect("(")?;
        let expression = field::expression(cursor)?;
        cursor.expect(")")?;
        return Ok(Some(Element::Group(expression)));
    }
    if cursor.take_word("select") {
        return Ok(Some(Element::Select(field::attributes(cursor)?)));
    }
    Ok(None)
}

/// Operators that bind at least as strongly as `least`, and their operands. Beside a pipeline in
/// parentheses, `is_beside`, a filter in parentheses is a pipeline too. Returns the levels of operators.
fn binary(
    cursor: &mut Cursor<'_>,
    least: u8,
    is_beside: bool,
) -> Result<(Operand, usize), SyntaxError> {
    let (mut left, mut depth) = (operand(cursor, is_beside)?, 1);
    loop {
        let TokenKind::Sign(sign) = *cursor.peek() else { return Ok((left, depth)) };
        let op = Operator::named(sign).filter(|op| !op.is_regex());
        let spansets = SpansetOperator::named(sign);
        let precedence = match &left {
            Operand::Spanset { .. } | Operand::Pipelines(_) => spansets.map(|op| op.precedence()),
            Operand::Scalar(_) | Operand::ScalarPipeline(_) => op.map(Operator::precedence),
            // Comparisons after series are stages, and belong to the caller.
            Operand::Metrics { is_wrapped: true, .. } => {
                op.filter(|op| op.is_arithmetic()).map(Operator::precedence)
            }
            _ => None,
        };
        let Some(precedence) = precedence else {
            // `|` ends every operand; no other sign has a meaning here.
            return Ok((left, depth));
        };
        if precedence < least {
            return Ok((left, depth));
        }
        cursor.next();
        let is_comparison = op.is_some_and(Operator::is_comparison);
        if let (Operand::ScalarPipeline(_), true, Some(op)) = (&left, is_comparison, op) {
            let right = compared(cursor)?;
            let Operand::ScalarPipeline(left) = left else { return Err(cursor.unexpected()) };
            return Ok((Operand::PipelineFilter(ScalarFilter { op, left, right }), depth + 1));
        }
        let is_right = op == Some(Operator::Power);
        let next = if is_right { precedence } else { precedence + 1 };
        let beside = matches!(left, Operand::Pipelines(_));
        let (right, right_depth) = cursor.deeper(|cursor| binary(cursor, next, beside))?;
        depth = depth.max(right_depth) + 1;
        cursor.check_depth(depth)?;
        left = join(cursor, op, spansets, left, right)?;
    }
}

/// The right side of a comparison with pipelines: pipelines or a literal.
fn compared(cursor: &mut Cursor<'_>) -> Result<Scalar, SyntaxError> {
    if matches!(cursor.peek(), TokenKind::Sign("(")) {
        let least = Operator::Add.precedence();
        return match cursor.deeper(|cursor| binary(cursor, least, false))?.0 {
            Operand::ScalarPipeline(right) => Ok(right),
            _ => Err(cursor.unexpected()),
        };
    }
    field::literal(cursor)?.map(Scalar::Static).ok_or_else(|| cursor.unexpected())
}

fn join(
    cursor: &Cursor<'_>,
    op: Option<Operator>,
    spansets: Option<SpansetOperator>,
    left: Operand,
    right: Operand,
) -> Result<Operand, SyntaxError> {
    match (left, right, op, spansets) {
        (
            Operand::Spanset { spanset: left, depth },
            Operand::Spanset { spanset: right, depth: other },
            _,
            Some(op),
        ) => {
            let depth = depth.max(other) + 1;
            let (left, right) = (Box::new(left), Box::new(right));
            Ok(Operand::Spanset { spanset: Spanset::Operation { op, left, right }, depth })
        }
        (Operand::Pipelines(left), Operand::Pipelines(right), _, Some(op)) => {
            let (left, right) = (Box::new(left), Box::new(right));
            Ok(Operand::Pipelines(Spanset::Operation { op, left, right }))
        }
        (Operand::Scalar(left), Operand::Scalar(right), Some(op), _) => {
            if op.is_arithmetic() {
                let (left, right) = (Box::new(left), Box::new(right));
                return Ok(Operand::Scalar(Scalar::Operation { op, left, right }));
            }
            if op.is_comparison() {
                return Ok(Operand::ScalarFilter(ScalarFilter { op, left, right }));
            }
            Err(cursor.unexpected())
        }
        (Operand::ScalarPipeline(left), Operand::ScalarPipeline(right), Some(op), _)
            if op.is_arithmetic() =>
        {
            let (left, right) = (Box::new(left), Box::new(right));
            Ok(Operand::ScalarPipeline(Scalar::Operation { op, left, right }))
        }
        (
            Operand::Metrics { metrics: left, is_wrapped: true },
            Operand::Metrics { metrics: right, is_wrapped: true },
            Some(op),
            _,
        ) if !matches!(op, Operator::Modulo | Operator::Power) => {
            let (left, right) = (Box::new(left), Box::new(right));
            let source = MetricsSource::Math { op, left, right };
            Ok(Operand::Metrics { metrics: Metrics { source, stages: vec![] }, is_wrapped: true })
        }
        _ => Err(cursor.unexpected()),
    }
}

fn operand(cursor: &mut Cursor<'_>, is_beside: bool) -> Result<Operand, SyntaxError> {
    if cursor.take("(") {
        let inner = cursor.deeper(chain)?;
        cursor.expect(")")?;
        return wrapped(cursor, inner, is_beside);
    }
    if cursor.take("{") {
        let expression = filter(cursor)?;
        return Ok(Operand::Spanset { spanset: Spanset::Filter(expression), depth: 1 });
    }
    if let Some(aggregate) = aggregate(cursor)? {
        return Ok(Operand::Scalar(Scalar::Aggregate(aggregate)));
    }
    let is_minus = cursor.take("-");
    let number = match *cursor.peek() {
        TokenKind::Int(number) if is_minus => Static::Int(-number),
        TokenKind::Float(number) if is_minus => Static::Float(-number),
        TokenKind::Duration(nanos) if is_minus => Static::Duration(-nanos),
        TokenKind::Int(number) => Static::Int(number),
        TokenKind::Float(number) => Static::Float(number),
        TokenKind::Duration(nanos) => Static::Duration(nanos),
        _ => return Err(cursor.unexpected()),
    };
    cursor.next();
    Ok(Operand::Scalar(Scalar::Static(number)))
}

/// What `inner` is in parentheses.
fn wrapped(cursor: &Cursor<'_>, inner: Operand, is_beside: bool) -> Result<Operand, SyntaxError> {
    let pipeline = |elements| Spanset::Pipeline(Pipeline { elements });
    Ok(match inner {
        Operand::Spanset { spanset, .. } if is_beside => {
            Operand::Pipelines(pipeline(vec![Element::Spanset(spanset)]))
        }
        Operand::ScalarFilter(filter) => {
            Operand::Pipelines(pipeline(vec![Element::ScalarFilter(filter)]))
        }
        Operand::Elements(elements) => Operand::Pipelines(pipeline(elements)),
        Operand::ScalarElements(elements) => {
            Operand::ScalarPipeline(Scalar::Pipeline(Pipeline { elements }))
        }
        Operand::Metrics { metrics, .. } => Operand::Metrics { metrics, is_wrapped: true },
        Operand::PipelineFilter(_) => return Err(cursor.unexpected()),
        same @ (Operand::Spanset { .. }
        | Operand::Pipelines(_)
        | Operand::Scalar(_)
        | Operand::ScalarPipeline(_)) => same,
    })
}

/// The rest of `{ expression }`, after the brace.
pub(super) fn filter(cursor: &mut Cursor<'_>) -> Result<Expression, SyntaxError> {
    if cursor.take("}") {
        return Ok(Expression::Static(Static::Bool(true)));
    }
    let expression = field::expression(cursor)?;
    cursor.expect("}")?;
    Ok(expression)
}

fn aggregate(cursor: &mut Cursor<'_>) -> Result<Option<Aggregate>, SyntaxError> {
    let TokenKind::Word(word) = cursor.peek() else { return Ok(None) };
    let Some(op) = AggregateFunction::named(word) else { return Ok(None) };
    cursor.next();
    cursor.expect("(")?;
    let of = match op {
        AggregateFunction::Count => None,
        _ => Some(field::expression(cursor)?),
    };
    cursor.expect(")")?;
    Ok(Some(Aggregate { op, of }))
}
