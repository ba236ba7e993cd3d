//! Evaluation of expressions on one span.

use super::operation;
use crate::attribute::Attribute;
use crate::expression::Expression;
use crate::operator::Operator;
use crate::value::Static;

impl Expression {
    /// The value of this expression; `value_of` is asked for the attributes of the span. The value is
    /// `nil` where an operator does not take its operands: `!` of a text.
    pub fn evaluate(&self, value_of: &dyn Fn(&Attribute) -> Static) -> Static {
        match self {
            Self::Static(value) => value.clone(),
            Self::Attribute(attribute) => value_of(attribute),
            Self::Logic { is_and, operands } => {
                let op = if *is_and { Operator::And } else { Operator::Or };
                let mut operands = operands.iter();
                let first = operands.next().map_or(Static::Nil, |first| first.evaluate(value_of));
                operands.fold(first, |left, right| match left {
                    Static::Bool(known) if known != *is_and => left,
                    left => operation::binary(op, &left, &right.evaluate(value_of), None),
                })
            }
            Self::Binary { op, left, right, pattern } => {
                let left = left.evaluate(value_of);
                match &**right {
                    Self::Static(right) => operation::binary(*op, &left, right, pattern.as_ref()),
                    right => operation::binary(*op, &left, &right.evaluate(value_of), None),
                }
            }
            Self::Unary { op, of } => operation::unary(*op, &of.evaluate(value_of)),
            Self::Cidr { of, prefixes } => Static::Bool(match of.evaluate(value_of) {
                Static::String(address) => prefixes.iter().any(|one| one.contains(&address)),
                _ => false,
            }),
        }
    }
}
