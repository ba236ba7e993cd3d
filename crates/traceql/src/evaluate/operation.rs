//! Operators on values.

use std::cmp::Ordering;

use crate::expression::Unary;
use crate::operator::Operator;
use crate::pattern::Pattern;
use crate::value::{Static, Type};

/// `left op right`. Operands that the operator does not take make `false`, also of arithmetic. A list
/// meets a comparison with a value if one of its elements does, and `!=` and `!~` if all do. `pattern` is
/// the compiled right operand of `=~` and `!~`.
pub fn binary(op: Operator, left: &Static, right: &Static, pattern: Option<&Pattern>) -> Static {
    match (left, right) {
        (Static::Array(_), Static::Array(_)) => Static::Nil,
        (Static::Array(_), _) | (_, Static::Array(_)) if op.is_arithmetic() => Static::Nil,
        (Static::Array(all), one) => {
            any_or_all(op, all, |element| binary(op, element, one, pattern))
        }
        (one, Static::Array(all)) => {
            any_or_all(op, all, |element| binary(op, one, element, pattern))
        }
        _ => scalar(op, left, right, pattern),
    }
}

fn any_or_all(op: Operator, all: &[Static], test: impl Fn(&Static) -> Static) -> Static {
    let is_true = |element: &Static| test(element) == Static::Bool(true);
    Static::Bool(match op {
        Operator::NotEqual | Operator::NotRegex => all.iter().all(is_true),
        _ => all.iter().any(is_true),
    })
}

fn scalar(op: Operator, left: &Static, right: &Static, pattern: Option<&Pattern>) -> Static {
    let (one, two) = (left.type_of(), right.type_of());
    if !one.matches(two) || !op.takes(one, two) {
        return Static::Bool(false);
    }
    match (op, left, right) {
        (Operator::And, Static::Bool(one), Static::Bool(two)) => Static::Bool(*one && *two),
        (Operator::Or, Static::Bool(one), Static::Bool(two)) => Static::Bool(*one || *two),
        (Operator::And | Operator::Or, ..) => Static::Bool(false),
        (Operator::Regex | Operator::NotRegex, Static::String(text), _) => {
            let is_match = pattern.map(|pattern| pattern.is_match(text));
            Static::Bool(is_match.is_some_and(|is| is == (op == Operator::Regex)))
        }
        _ if op.is_comparison() => Static::Bool(holds(op, left, right)),
        (_, Static::Int(left), Static::Int(right)) => of_integers(op, *left, *right),
        _ => Static::Float(of_floats(op, left.as_float(), right.as_float())),
    }
}

/// Whether the comparison is true. A regular expression is not compared here.
pub fn holds(op: Operator, left: &Static, right: &Static) -> bool {
    let (one, two) = (left.type_of(), right.type_of());
    if !one.matches(two) || !op.takes(one, two) || op.is_regex() {
        return false;
    }
    match op {
        Operator::Equal => return left.equals(right),
        Operator::NotEqual => return !left.is_nil() && !right.is_nil() && !left.equals(right),
        _ => {}
    }
    let order = match (left, right) {
        (
            Static::Int(left) | Static::Duration(left),
            Static::Int(right) | Static::Duration(right),
        ) => Some(left.cmp(right)),
        (Static::String(left), Static::String(right)) => Some(left.cmp(right)),
        _ => left.as_float().partial_cmp(&right.as_float()),
    };
    order.is_some_and(|order| match op {
        Operator::Greater => order == Ordering::Greater,
        Operator::GreaterEqual => order != Ordering::Less,
        Operator::Less => order == Ordering::Less,
        Operator::LessEqual => order != Ordering::Greater,
        _ => false,
    })
}

/// Arithmetic of integers, which wraps around; `nil` for a division by zero.
fn of_integers(op: Operator, left: i64, right: i64) -> Static {
    Static::Int(match op {
        Operator::Add => left.wrapping_add(right),
        Operator::Subtract => left.wrapping_sub(right),
        Operator::Multiply => left.wrapping_mul(right),
        Operator::Divide | Operator::Modulo if right == 0 => return Static::Nil,
        Operator::Divide => left.wrapping_div(right),
        Operator::Modulo => left.wrapping_rem(right),
        Operator::Power => power(left, right),
        _ => return Static::Bool(false),
    })
}

/// `base` multiplied `times` times; 1 for a negative exponent, as in Tempo.
fn power(base: i64, times: i64) -> i64 {
    let (mut result, mut square, mut rest) = (1_i64, base, times.max(0));
    while rest > 0 {
        if rest & 1 == 1 {
            result = result.wrapping_mul(square);
        }
        square = square.wrapping_mul(square);
        rest >>= 1;
    }
    result
}

fn of_floats(op: Operator, left: f64, right: f64) -> f64 {
    match op {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        Operator::Modulo => left % right,
        Operator::Power => left.powf(right),
        _ => f64::NAN,
    }
}

/// `op value`; `nil` if the operator does not take the value.
pub fn unary(op: Unary, value: &Static) -> Static {
    match (op, value) {
        (Unary::Not, Static::Bool(truth)) => Static::Bool(!truth),
        (Unary::Minus, Static::Int(number)) => Static::Int(number.wrapping_neg()),
        (Unary::Minus, Static::Float(number)) => Static::Float(-number),
        (Unary::Minus, Static::Duration(nanos)) => Static::Duration(nanos.wrapping_neg()),
        (Unary::Not | Unary::Minus, _) => Static::Nil,
        (Unary::Exists, value) => Static::Bool(value.type_of() != Type::Nil),
        (Unary::NotExists, value) => Static::Bool(value.is_nil()),
    }
}
