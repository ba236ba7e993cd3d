//! Values of TraceQL.

use std::cmp::Ordering;

use coral_trace::{SpanKind, StatusCode, Value};

/// A value, with its type.
#[derive(Clone, PartialEq, Debug)]
pub enum Static {
    /// No value.
    Nil,
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text.
    String(String),
    /// A boolean.
    Bool(bool),
    /// A duration in nanoseconds.
    Duration(i64),
    /// The status of a span.
    Status(StatusCode),
    /// The kind of a span.
    Kind(SpanKind),
    /// A list of values of one type.
    Array(Vec<Static>),
}

/// The type of a value, or of an expression before its evaluation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Type {
    Nil,
    /// The result of a pipeline.
    Spanset,
    /// Known only when a span is evaluated.
    Attribute,
    Int,
    Float,
    String,
    Bool,
    Duration,
    Status,
    Kind,
}

impl Type {
    pub(crate) fn is_numeric(self) -> bool {
        matches!(self, Self::Int | Self::Float | Self::Duration)
    }

    /// Whether values of the two types may be the operands of one operator.
    pub(crate) fn matches(self, other: Self) -> bool {
        let any = |one| one == Self::Attribute || one == Self::Nil;
        self == other || any(self) || any(other) || self.is_numeric() && other.is_numeric()
    }
}

impl Static {
    /// The value of an attribute. Maps, bytes and lists of several types are no values in TraceQL.
    pub fn of_attribute(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::String(text.clone()),
            Value::Int(number) => Self::Int(*number),
            Value::Double(number) => Self::Float(number.0),
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Array(values) => Self::of_array(values),
            Value::Empty | Value::Bytes(_) | Value::Map(_) => Self::Nil,
        }
    }

    fn of_array(values: &[Value]) -> Self {
        let same = |one: &Value, other: &Value| {
            std::mem::discriminant(one) == std::mem::discriminant(other)
        };
        let is_plain = |value: &Value| {
            matches!(value, Value::String(_) | Value::Int(_) | Value::Double(_) | Value::Bool(_))
        };
        if !values.iter().all(|value| is_plain(value) && same(value, &values[0])) {
            return Self::Nil;
        }
        Self::Array(values.iter().map(Self::of_attribute).collect())
    }

    /// Whether there is no value.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// The name of the type in Tempo's answers about values of tags.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Bool(_) => "bool",
            Self::Duration(_) => "duration",
            Self::Status(_) | Self::Kind(_) => "keyword",
            Self::Nil | Self::String(_) | Self::Array(_) => "string",
        }
    }

    /// The number, for comparisons of different types; NaN for what is no number. A duration is in
    /// nanoseconds.
    pub fn as_float(&self) -> f64 {
        match self {
            Self::Int(number) | Self::Duration(number) => *number as f64,
            Self::Float(number) => *number,
            _ => f64::NAN,
        }
    }

    /// The order of two values, and of their types if the types differ.
    pub fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(one), Self::Int(two)) | (Self::Duration(one), Self::Duration(two)) => {
                one.cmp(two)
            }
            (Self::String(one), Self::String(two)) => one.cmp(two),
            (Self::Bool(one), Self::Bool(two)) => one.cmp(two),
            (Self::Status(one), Self::Status(two)) => one.cmp(two),
            (Self::Kind(one), Self::Kind(two)) => (*one as u8).cmp(&(*two as u8)),
            (Self::Array(one), Self::Array(two)) => {
                let orders = one.iter().zip(two).map(|(one, two)| one.order(two));
                orders.fold(Ordering::Equal, Ordering::then).then(one.len().cmp(&two.len()))
            }
            _ if self.type_of().is_numeric() && other.type_of().is_numeric() => {
                self.as_float().total_cmp(&other.as_float())
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Nil => 0,
            Self::Int(_) => 1,
            Self::Float(_) => 2,
            Self::String(_) => 3,
            Self::Bool(_) => 4,
            Self::Array(_) => 5,
            Self::Duration(_) => 6,
            Self::Status(_) => 7,
            Self::Kind(_) => 8,
        }
    }

    pub(crate) fn type_of(&self) -> Type {
        match self {
            Self::Nil => Type::Nil,
            Self::Int(_) => Type::Int,
            Self::Float(_) => Type::Float,
            Self::String(_) => Type::String,
            Self::Bool(_) => Type::Bool,
            Self::Duration(_) => Type::Duration,
            Self::Status(_) => Type::Status,
            Self::Kind(_) => Type::Kind,
            // The elements have the type; a list is never an operand as a whole.
            Self::Array(values) => values.first().map_or(Type::Nil, Self::type_of),
        }
    }

    /// Whether the two values are equal. Nothing equals `nil`.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nil, _) | (_, Self::Nil) => false,
            (Self::Int(one) | Self::Duration(one), Self::Int(two) | Self::Duration(two)) => {
                one == two
            }
            (Self::Int(_) | Self::Duration(_) | Self::Float(_), _) => {
                self.as_float() == other.as_float()
            }
            _ => self == other,
        }
    }
}
