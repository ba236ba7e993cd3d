//! What Tempo refuses although the grammar has it: types that do not fit, and what it does not
//! evaluate.

mod metrics;

use crate::attribute::{Attribute, Intrinsic};
use crate::cidr::Prefix;
use crate::error::SyntaxError;
use crate::expression::{Expression, Unary};
use crate::operator::Operator;
use crate::query::{Aggregate, Element, Pipeline, Query, Root, Scalar, ScalarFilter, Spanset};
use crate::value::{Static, Type};

type Checked = Result<(), SyntaxError>;

impl Query {
    /// Checks the types.
    ///
    /// # Errors
    /// [`SyntaxError`] of the kinds [`Type`](crate::SyntaxErrorKind::Type) and
    /// [`Unsupported`](crate::SyntaxErrorKind::Unsupported).
    pub fn check(&self) -> Result<(), SyntaxError> {
        match &self.root {
            Root::Search(pipeline) => pipeline.check(),
            Root::Metrics(metrics) => metrics.check(),
        }
    }
}

impl Pipeline {
    fn check(&self) -> Checked {
        self.elements.iter().try_for_each(Element::check)
    }

    fn type_of(&self) -> Type {
        match self.elements.last() {
            Some(Element::Aggregate(aggregate)) => aggregate.type_of(),
            _ => Type::Spanset,
        }
    }
}

impl Element {
    fn check(&self) -> Checked {
        match self {
            Self::Spanset(spanset) => spanset.check(),
            Self::ScalarFilter(filter) => filter.check(),
            Self::Group(expression) if !expression.references_span() => Err(SyntaxError::of_type(
                format!("grouping field expressions must reference the span: {self}"),
            )),
            Self::Group(expression) => expression.check(),
            Self::Coalesce => Ok(()),
            Self::Select(attributes) => attributes.iter().try_for_each(Attribute::check),
            Self::Aggregate(aggregate) => aggregate.check(),
        }
    }
}

impl Spanset {
    fn check(&self) -> Checked {
        match self {
            Self::Filter(expression) => check_filter(expression),
            Self::Operation { left, right, .. } => {
                left.check()?;
                right.check()
            }
            Self::Pipeline(pipeline) => pipeline.check(),
        }
    }
}

fn check_filter(expression: &Expression) -> Checked {
    expression.check()?;
    if !matches!(expression.type_of(), Type::Attribute | Type::Bool) {
        let message = "span filter field expressions must resolve to a boolean";
        return Err(SyntaxError::of_type(format!("{message}: {{ {expression} }}")));
    }
    Ok(())
}

/// Checks that an operator takes its operands; `whole` is the operation in words.
fn check_types(op: Operator, left: Type, right: Type, whole: &dyn Fn() -> String) -> Checked {
    if !left.matches(right) {
        let message = "binary operations must operate on the same type";
        return Err(SyntaxError::of_type(format!("{message}: {}", whole())));
    }
    if !op.takes(left, right) {
        let message = "illegal operation for the given types";
        return Err(SyntaxError::of_type(format!("{message}: {}", whole())));
    }
    Ok(())
}

impl ScalarFilter {
    fn check(&self) -> Checked {
        self.left.check()?;
        self.right.check()?;
        let whole = || self.to_string();
        check_types(self.op, self.left.type_of(), self.right.type_of(), &whole)?;
        if !matches!(self.left, Scalar::Aggregate(_)) {
            return Err(SyntaxError::unsupported(&format!("scalar filter of {}", self.left)));
        }
        if !matches!(self.right, Scalar::Static(_)) {
            return Err(SyntaxError::unsupported(&format!("scalar filter with {}", self.right)));
        }
        Ok(())
    }
}

impl Scalar {
    fn check(&self) -> Checked {
        match self {
            Self::Static(_) => Ok(()),
            Self::Aggregate(aggregate) => aggregate.check(),
            Self::Operation { op, left, right } => {
                left.check()?;
                right.check()?;
                check_types(*op, left.type_of(), right.type_of(), &|| self.to_string())
            }
            Self::Pipeline(pipeline) => pipeline.check(),
        }
    }

    fn type_of(&self) -> Type {
        match self {
            Self::Static(value) => value.type_of(),
            Self::Aggregate(aggregate) => aggregate.type_of(),
            Self::Operation { left, right, .. } => match left.type_of() {
                Type::Attribute => right.type_of(),
                known => known,
            },
            Self::Pipeline(pipeline) => pipeline.type_of(),
        }
    }
}

impl Aggregate {
    fn check(&self) -> Checked {
        let Some(of) = &self.of else { return Ok(()) };
        of.check()?;
        let kind = of.type_of();
        if kind != Type::Attribute && !kind.is_numeric() {
            let message = "aggregate field expressions must resolve to a number type";
            return Err(SyntaxError::of_type(format!("{message}: {self}")));
        }
        if !of.references_span() {
            let message = "aggregate field expressions must reference the span";
            return Err(SyntaxError::of_type(format!("{message}: {self}")));
        }
        Ok(())
    }

    fn type_of(&self) -> Type {
        self.of.as_ref().map_or(Type::Int, Expression::type_of)
    }
}

impl Expression {
    fn check(&self) -> Checked {
        match self {
            Self::Static(_) => Ok(()),
            Self::Attribute(attribute) => attribute.check(),
            Self::Logic { is_and, operands } => {
                let op = if *is_and { Operator::And } else { Operator::Or };
                let mut left: Option<Type> = None;
                for operand in operands {
                    operand.check()?;
                    let right = operand.type_of();
                    if let Some(left) = left {
                        check_types(op, left, right, &|| self.to_string())?;
                    }
                    // The result of the operands so far is a boolean.
                    left = Some(if left.is_none() { right } else { Type::Bool });
                }
                Ok(())
            }
            Self::Binary { op, left, right, pattern } => {
                left.check()?;
                right.check()?;
                check_types(*op, left.type_of(), right.type_of(), &|| self.to_string())?;
                match &**right {
                    Self::Static(Static::String(_)) if op.is_regex() && pattern.is_none() => {
                        Err(SyntaxError::of_type(format!("invalid regex: {right}")))
                    }
                    Self::Static(Static::String(_)) => Ok(()),
                    _ if op.is_regex() => {
                        Err(SyntaxError::of_type(format!("invalid type for =~ or !~: {right}")))
                    }
                    _ => Ok(()),
                }
            }
            Self::Unary { op, of } => self.check_unary(*op, of),
            Self::Cidr { of, prefixes } => self.check_cidr(of, prefixes),
        }
    }

    fn check_unary(&self, op: Unary, of: &Self) -> Checked {
        of.check()?;
        if let (Unary::NotExists, Self::Attribute(attribute)) = (op, of)
            && attribute.is_never_nil()
        {
            let reason = "the field is never nil";
            return Err(SyntaxError::of_type(format!(
                "{attribute}=nil is not valid because {reason}"
            )));
        }
        let kind = of.type_of();
        let fits = match op {
            Unary::Minus => kind.is_numeric(),
            Unary::Not => kind == Type::Bool,
            Unary::Exists | Unary::NotExists => true,
        };
        if kind != Type::Attribute && !fits {
            let message = "illegal operation for the given type";
            return Err(SyntaxError::of_type(format!("{message}: {self}")));
        }
        Ok(())
    }

    fn check_cidr(&self, of: &Self, prefixes: &[Prefix]) -> Checked {
        of.check()?;
        if !matches!(of.type_of(), Type::String | Type::Attribute) {
            let message = "cidr() requires a string attribute as its first argument";
            return Err(SyntaxError::of_type(format!("{message}: {self}")));
        }
        match prefixes.iter().find(|prefix| !prefix.is_valid()) {
            Some(prefix) => {
                Err(SyntaxError::of_type(format!("cidr() has an invalid prefix `{prefix}`")))
            }
            None => Ok(()),
        }
    }
}

impl Attribute {
    fn check(&self) -> Checked {
        match self {
            Self::OfParent { .. } => Err(SyntaxError::unsupported("parent")),
            Self::Intrinsic(Intrinsic::Parent) => {
                Err(SyntaxError::unsupported("intrinsic (parent)"))
            }
            Self::Intrinsic(_) | Self::Key { .. } => Ok(()),
        }
    }
}
