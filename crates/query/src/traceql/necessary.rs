//! The filter that every trace meets which matches a query, so that the engine finds candidates.

mod field;

use coral_engine::Filter;
use coral_engine::filter::{Comparison, Field, Literal, SpanField, TraceField};
use coral_traceql::{
    Element, Expression, Form, Operator, Pipeline, Spanset, SpansetOperator, Static, Unary,
};

use self::field::{compare, exists};

/// The deepest nesting of an expression that is compiled; a deeper part is not.
const MAX_DEPTH: usize = 16;

/// A filter that every matching trace meets; `None` if there is none to give.
pub(super) fn of_pipeline(pipeline: &Pipeline) -> Option<Filter> {
    let mut all = Vec::new();
    for element in &pipeline.elements {
        if let Element::Spanset(spanset) = element {
            of_spanset(spanset, &mut all);
        }
    }
    if all.len() < 2 {
        return all.pop();
    }
    // Several spans meet several filters. The engine tests one of them, by its indexes if it can, and
    // whether the trace failed: to test the others, the engine would read the same spans as the caller.
    let needs_failure = all.iter().any(is_of_failure);
    let best = all.iter().position(is_of_attribute).unwrap_or(0);
    let best = all.swap_remove(best);
    let failed = Filter::Compare {
        field: Field::Trace(TraceField::ErrorCount),
        op: Comparison::Greater,
        value: Literal::Int(0),
    };
    Some(Filter::And(std::iter::once(best).chain(needs_failure.then_some(failed)).collect()))
}

/// Whether only failed spans meet `filter`.
fn is_of_failure(filter: &Filter) -> bool {
    match filter {
        Filter::And(all) => all.iter().any(is_of_failure),
        Filter::Compare { field, op: Comparison::Equal, value } => {
            *field == Field::Span(SpanField::Status) && *value == Literal::Text("error".to_owned())
        }
        _ => false,
    }
}

/// Whether `filter` has an equality of an attribute, for which engines have indexes.
fn is_of_attribute(filter: &Filter) -> bool {
    match filter {
        Filter::And(all) => all.iter().any(is_of_attribute),
        Filter::Or(any) => any.iter().all(is_of_attribute),
        Filter::Compare { field: Field::Attribute { .. }, op: Comparison::Equal, .. }
        | Filter::HasElement { field: Field::Attribute { .. }, .. } => true,
        _ => false,
    }
}

/// Whether engines find the traces that meet `filter` without reading every trace.
pub(super) fn is_indexed(filter: &Filter) -> bool {
    match filter {
        Filter::And(all) => all.iter().any(is_indexed),
        Filter::Compare { field: Field::Span(SpanField::Duration), op, .. } => {
            matches!(op, Comparison::Equal | Comparison::Greater | Comparison::GreaterOrEqual)
        }
        Filter::Compare { field: Field::Span(field), op: Comparison::Equal, .. } => {
            matches!(field, SpanField::Name | SpanField::Service) || is_of_failure(filter)
        }
        Filter::Compare { field: Field::Trace(field), .. } => {
            matches!(field, TraceField::Duration | TraceField::ErrorCount)
        }
        other => is_of_attribute(other),
    }
}

/// Adds what some span of the trace meets; several filters may be met by several spans.
fn of_spanset(spanset: &Spanset, all: &mut Vec<Filter>) {
    match spanset {
        Spanset::Filter(expression) => all.extend(of_expression(expression)),
        Spanset::Pipeline(pipeline) => all.extend(of_pipeline(pipeline)),
        Spanset::Operation { op: SpansetOperator::Or, left, right } => {
            let side = |side| {
                let mut met = Vec::new();
                of_spanset(side, &mut met);
                let any = |one| Filter::AnySpan(Box::new(one));
                match met.len() {
                    0 => None,
                    1 => met.pop(),
                    _ => Some(Filter::And(met.into_iter().map(any).collect())),
                }
            };
            if let (Some(left), Some(right)) = (side(left), side(right)) {
                all.push(Filter::Or(vec![left, right]));
            }
        }
        Spanset::Operation { op, left, right } => {
            let needs_left = !matches!(op, SpansetOperator::Structural { form: Form::Not, .. });
            if needs_left {
                of_spanset(left, all);
            }
            of_spanset(right, all);
        }
    }
}

/// A filter that every span meets for which `expression` is true.
pub(super) fn of_expression(expression: &Expression) -> Option<Filter> {
    let filter = at_depth(expression, 0)?;
    // All spans are a condition on nothing.
    (filter != Filter::And(Vec::new())).then_some(filter)
}

fn at_depth(expression: &Expression, depth: usize) -> Option<Filter> {
    if depth > MAX_DEPTH {
        return None;
    }
    match expression {
        Expression::Static(Static::Bool(true)) => Some(Filter::And(Vec::new())),
        Expression::Static(_) => Some(Filter::Or(Vec::new())),
        Expression::Attribute(attribute) => {
            compare(attribute, Operator::Equal, &Static::Bool(true), None)
        }
        Expression::Logic { is_and: true, operands } => {
            let all = operands.iter().filter_map(|one| at_depth(one, depth + 1));
            let all: Vec<Filter> = all.filter(|one| *one != Filter::And(Vec::new())).collect();
            Some(Filter::And(all))
        }
        Expression::Logic { operands, .. } => {
            let any: Option<Vec<Filter>> =
                operands.iter().map(|one| at_depth(one, depth + 1)).collect();
            any.map(flat)
        }
        Expression::Binary { op, left, right, pattern } => match (&**left, &**right) {
            (Expression::Attribute(attribute), Expression::Static(value)) => {
                compare(attribute, *op, value, pattern.as_ref())
            }
            (Expression::Static(value), Expression::Attribute(attribute)) => {
                compare(attribute, turned(*op)?, value, None)
            }
            _ => None,
        },
        Expression::Unary { op: Unary::Exists, of } => match &**of {
            Expression::Attribute(attribute) => exists(attribute),
            _ => None,
        },
        Expression::Cidr { of, .. } => match &**of {
            Expression::Attribute(attribute) => exists(attribute),
            _ => None,
        },
        Expression::Unary { .. } => None,
    }
}

/// The alternatives in one list, so that an engine sees all values of one attribute.
fn flat(any: Vec<Filter>) -> Filter {
    Filter::Or(
        any.into_iter()
            .flat_map(|one| match one {
                Filter::Or(inner) => inner,
                other => vec![other],
            })
            .collect(),
    )
}

/// The operator with its sides exchanged; `None` for a regular expression.
fn turned(op: Operator) -> Option<Operator> {
    Some(match op {
        Operator::Greater => Operator::Less,
        Operator::GreaterEqual => Operator::LessEqual,
        Operator::Less => Operator::Greater,
        Operator::LessEqual => Operator::GreaterEqual,
        Operator::Equal | Operator::NotEqual => op,
        _ => return None,
    })
}
