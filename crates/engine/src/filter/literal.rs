//! The values that a filter compares with.

use std::cmp::Ordering;

use coral_trace::Value;

/// A value to compare a field with. If the field's value has another type, the comparison is false,
/// even for `!=`: text is never a number. Lists, maps, bytes and empty values can only be compared
/// with [`Untyped`](Self::Untyped).
#[derive(Clone, PartialEq, Debug)]
pub enum Literal {
    /// Text, compared byte by byte.
    Text(String),
    /// An integer. Compared exactly with an integer; compared as a float with a float.
    Int(i64),
    /// A float. Any comparison with NaN is false, except `!=`, which is true.
    Float(f64),
    /// A boolean: false is less than true.
    Bool(bool),
    /// Text, for query languages without types. Compared with the text form of the field's value,
    /// as [`Value`] is displayed. So numbers are ordered as text too: "10" is less than "9".
    Untyped(String),
    /// A number, for query languages without types. Compared as a float with an integer, with a
    /// float, and with text that is a number: digits, with a sign, a fraction or an exponent.
    Number(f64),
}

/// A comparison of a field's value, on the left, with a literal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// The value of a field, on the left of a comparison.
#[derive(Clone, Copy)]
pub(super) enum Operand<'a> {
    Text(&'a str),
    Int(i128),
    Float(f64),
    Bool(bool),
    /// A list, a map, bytes or an empty value.
    Other(&'a Value),
}

impl<'a> Operand<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text),
            Value::Int(number) => Self::Int((*number).into()),
            Value::Double(number) => Self::Float(number.0),
            Value::Bool(truth) => Self::Bool(*truth),
            other => Self::Other(other),
        }
    }
}

impl Comparison {
    /// Whether the comparison of `left` with `right` is true.
    pub(super) fn holds(self, left: Operand<'_>, right: &Literal) -> bool {
        let order = match (left, right) {
            (Operand::Text(left), Literal::Text(right) | Literal::Untyped(right)) => {
                Some(left.cmp(right.as_str()))
            }
            (Operand::Int(left), Literal::Int(right)) => Some(left.cmp(&i128::from(*right))),
            (Operand::Int(left), Literal::Float(right)) => (left as f64).partial_cmp(right),
            (Operand::Float(left), Literal::Int(right)) => left.partial_cmp(&(*right as f64)),
            (Operand::Float(left), Literal::Float(right)) => left.partial_cmp(right),
            (Operand::Int(left), Literal::Number(right)) => (left as f64).partial_cmp(right),
            (Operand::Float(left), Literal::Number(right)) => left.partial_cmp(right),
            (Operand::Text(left), Literal::Number(right)) => match finite_number(left) {
                Some(left) => left.partial_cmp(right),
                None => return false,
            },
            (Operand::Bool(left), Literal::Bool(right)) => Some(left.cmp(right)),
            (other, Literal::Untyped(right)) => Some(other.text().as_str().cmp(right)),
            _ => return false,
        };
        match order {
            Some(order) => self.accepts(order),
            None => self == Self::NotEqual,
        }
    }

    fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// The number that `text` is; `inf` and `NaN` are text.
fn finite_number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

impl Operand<'_> {
    /// Whether the value is a list with an element that equals `literal`.
    pub(super) fn has_element(self, literal: &Literal) -> bool {
        let Self::Other(Value::Array(elements)) = self else { return false };
        let equals = |element| Comparison::Equal.holds(Operand::of(element), literal);
        elements.iter().any(equals)
    }

    pub(super) fn text(self) -> String {
        match self {
            Self::Text(text) => text.to_owned(),
            Self::Int(number) => number.to_string(),
            Self::Float(number) => Value::from(number).to_string(),
            Self::Bool(truth) => truth.to_string(),
            Self::Other(value) => value.to_string(),
        }
    }
}
