//! Expressions on the fields of one span, and their making: what needs no span is computed at once.

use crate::attribute::{Attribute, Intrinsic, Scope};
use crate::cidr::Prefix;
use crate::evaluate::operation;
use crate::operator::Operator;
use crate::pattern::Pattern;
use crate::value::{Static, Type};

/// An expression on the fields of one span.
#[derive(Clone, PartialEq, Debug)]
pub enum Expression {
    /// A literal.
    Static(Static),
    /// A field of the span.
    Attribute(Attribute),
    /// Two or more operands of one `&&` or `||`, which are evaluated from the left. A chain is one
    /// node, so that a long one is not a deep tree.
    Logic {
        /// Whether the operator is `&&`, and not `||`.
        is_and: bool,
        /// The operands.
        operands: Vec<Expression>,
    },
    /// Two operands of another operator.
    Binary {
        /// The operator.
        op: Operator,
        /// The left operand.
        left: Box<Expression>,
        /// The right operand.
        right: Box<Expression>,
        /// The compiled right operand of `=~` and `!~`.
        pattern: Option<Pattern>,
    },
    /// An operator before its operand, or a comparison with `nil`.
    Unary {
        /// The operator.
        op: Unary,
        /// The operand.
        of: Box<Expression>,
    },
    /// `cidr(field, prefixes)`: whether the field is an address in one of the networks.
    Cidr {
        /// The field.
        of: Box<Expression>,
        /// The networks.
        prefixes: Vec<Prefix>,
    },
}

/// An operator with one operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unary {
    /// `-`
    Minus,
    /// `!`
    Not,
    /// `!= nil`
    Exists,
    /// `= nil`
    NotExists,
}

impl Expression {
    /// `left op right`.
    ///
    /// # Errors
    /// The message if both are literals, and have no result: a division by zero.
    pub(crate) fn binary(op: Operator, left: Self, right: Self) -> Result<Self, &'static str> {
        if let Operator::And | Operator::Or = op {
            return Ok(Self::logic(op == Operator::And, left, right));
        }
        let right = if left.is_trace_id() { right.without_zeros() } else { right };
        let left = if right.is_trace_id() { left.without_zeros() } else { left };
        if let (Self::Static(one), Self::Static(two)) = (&left, &right) {
            let pattern = Pattern::of(op, two);
            let fits = one.type_of().matches(two.type_of())
                && op.takes(one.type_of(), two.type_of())
                && (!op.is_regex() || pattern.is_some());
            let by_zero = matches!((one, two), (Static::Int(_), Static::Int(0)));
            if fits && by_zero && matches!(op, Operator::Divide | Operator::Modulo) {
                return Err("integer divide by zero");
            }
            if fits {
                return Ok(Self::Static(operation::binary(op, one, two, pattern.as_ref())));
            }
        }
        let pattern = match &right {
            Self::Static(right) => Pattern::of(op, right),
            _ => None,
        };
        Ok(Self::Binary { op, left: Box::new(left), right: Box::new(right), pattern })
    }

    fn logic(is_and: bool, left: Self, right: Self) -> Self {
        if let (Self::Static(Static::Bool(left)), Self::Static(Static::Bool(right))) =
            (&left, &right)
        {
            let result = if is_and { *left && *right } else { *left || *right };
            return Self::Static(Static::Bool(result));
        }
        match left {
            Self::Logic { is_and: same, mut operands } if same == is_and => {
                operands.push(right);
                Self::Logic { is_and, operands }
            }
            left => Self::Logic { is_and, operands: vec![left, right] },
        }
    }

    /// `op of`.
    pub(crate) fn unary(op: Unary, of: Self) -> Self {
        if let Self::Static(value) = &of {
            let fits = match op {
                Unary::Minus => value.type_of().is_numeric(),
                Unary::Not => value.type_of() == Type::Bool,
                Unary::Exists | Unary::NotExists => true,
            };
            if fits {
                return Self::Static(operation::unary(op, value));
            }
        }
        Self::Unary { op, of: Box::new(of) }
    }

    /// Whether the value depends on the span.
    pub(crate) fn references_span(&self) -> bool {
        let mut found = false;
        self.each_attribute(&mut |_| found = true);
        found
    }

    /// Calls `visit` with each attribute.
    pub fn each_attribute<'a>(&'a self, visit: &mut dyn FnMut(&'a Attribute)) {
        match self {
            Self::Static(_) => {}
            Self::Attribute(attribute) => visit(attribute),
            Self::Logic { operands, .. } => {
                operands.iter().for_each(|operand| operand.each_attribute(visit));
            }
            Self::Binary { left, right, .. } => {
                left.each_attribute(visit);
                right.each_attribute(visit);
            }
            Self::Unary { of, .. } | Self::Cidr { of, .. } => of.each_attribute(visit),
        }
    }

    /// The type of the value, as far as it is known without a span.
    pub(crate) fn type_of(&self) -> Type {
        match self {
            Self::Static(value) => value.type_of(),
            Self::Attribute(attribute) => attribute.type_of(),
            Self::Logic { .. } | Self::Cidr { .. } => Type::Bool,
            Self::Binary { op, .. } if op.is_comparison() => Type::Bool,
            Self::Binary { left, right, .. } => match left.type_of() {
                Type::Attribute => right.type_of(),
                known => known,
            },
            Self::Unary { op: Unary::Exists | Unary::NotExists, .. } => Type::Bool,
            Self::Unary { of, .. } => of.type_of(),
        }
    }

    fn is_trace_id(&self) -> bool {
        matches!(self, Self::Attribute(Attribute::Intrinsic(Intrinsic::TraceId)))
    }

    /// A literal trace id without its leading zeros, as Tempo writes trace ids.
    fn without_zeros(self) -> Self {
        match self {
            Self::Static(Static::String(text)) => {
                Self::Static(Static::String(text.trim_start_matches('0').to_owned()))
            }
            other => other,
        }
    }
}

impl Attribute {
    pub(crate) fn type_of(&self) -> Type {
        let Self::Intrinsic(intrinsic) = self else { return Type::Attribute };
        match intrinsic {
            Intrinsic::Duration | Intrinsic::TraceDuration | Intrinsic::EventTimeSinceStart => {
                Type::Duration
            }
            Intrinsic::ChildCount
            | Intrinsic::NestedSetLeft
            | Intrinsic::NestedSetRight
            | Intrinsic::NestedSetParent => Type::Int,
            Intrinsic::Status => Type::Status,
            Intrinsic::Kind => Type::Kind,
            Intrinsic::Parent => Type::Nil,
            // Tempo does not know their type either.
            Intrinsic::InstrumentationName | Intrinsic::InstrumentationVersion => Type::Attribute,
            _ => Type::String,
        }
    }

    /// Whether every span has the attribute, so that it is never `nil`.
    pub(crate) fn is_never_nil(&self) -> bool {
        match self {
            Self::Intrinsic(_) => true,
            Self::Key { scope, key } => *scope == Scope::Resource && key == "service.name",
            Self::OfParent { .. } => false,
        }
    }
}
