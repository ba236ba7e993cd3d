//! Operators between scalars and vectors.

use super::super::error::PromqlError;
use super::super::syntax::{Binary, Operator};
use super::super::value::{Row, Value, distinct};
use super::vector_match;

/// The value of `left` and `right` with the operator of `of` between them.
pub(super) fn combined(of: &Binary, left: Value, right: Value) -> Result<Value, PromqlError> {
    Ok(match (left, right) {
        (Value::Scalar(left), Value::Scalar(right)) => {
            let both = left.into_iter().zip(right);
            Value::Scalar(both.map(|(left, right)| number(of.operator, left, right)).collect())
        }
        (Value::Vector(rows), Value::Scalar(scalar)) => {
            Value::Vector(with_scalar(of, rows, &scalar, false)?)
        }
        (Value::Scalar(scalar), Value::Vector(rows)) => {
            Value::Vector(with_scalar(of, rows, &scalar, true)?)
        }
        (Value::Vector(left), Value::Vector(right)) => Value::Vector(match of.operator.is_set() {
            true => vector_match::set(of, left, right),
            false => vector_match::matched(of, left, right)?,
        }),
    })
}

/// Each row with `scalar`, which is on the left if `is_swapped`.
fn with_scalar(
    of: &Binary,
    rows: Vec<Row>,
    scalar: &[f64],
    is_swapped: bool,
) -> Result<Vec<Row>, PromqlError> {
    let combine = |mut row: Row| {
        for (value, scalar) in row.values.iter_mut().zip(scalar) {
            *value = value.and_then(|value| {
                let (left, right) = if is_swapped { (*scalar, value) } else { (value, *scalar) };
                kept(of, left, right, value)
            });
        }
        if keeps_name(of) { row } else { row.unnamed() }
    };
    distinct(rows.into_iter().map(combine).collect())
}

/// Whether series keep the names of their metrics: those that a comparison filters.
pub(super) const fn keeps_name(of: &Binary) -> bool {
    of.operator.is_comparison() && !of.is_bool
}

/// The value of an operator between two numbers. A comparison without `bool` keeps `value`, or
/// nothing.
pub(super) fn kept(of: &Binary, left: f64, right: f64, value: f64) -> Option<f64> {
    let found = number(of.operator, left, right);
    match keeps_name(of) {
        true => (found != 0.0).then_some(value),
        false => Some(found),
    }
}

/// `left` and `right` with `operator` between them; 1 and 0 for a comparison that is true or not.
pub(super) fn number(operator: Operator, left: f64, right: f64) -> f64 {
    let one_if = |is_true: bool| f64::from(u8::from(is_true));
    match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        Operator::Modulo => left % right,
        Operator::Power => left.powf(right),
        Operator::Atan2 => left.atan2(right),
        Operator::Equal => one_if(left == right),
        Operator::NotEqual => one_if(left != right),
        Operator::LessOrEqual => one_if(left <= right),
        Operator::Less => one_if(left < right),
        Operator::GreaterOrEqual => one_if(left >= right),
        Operator::Greater => one_if(left > right),
        Operator::Or | Operator::And | Operator::Unless => f64::NAN,
    }
}
