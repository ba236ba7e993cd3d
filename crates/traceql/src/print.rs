//! The printed form of queries, which is Tempo's.

mod metrics;
mod value;

use std::fmt::{self, Display, Formatter, Write};

use crate::attribute::{Attribute, Scope, is_key_character};
use crate::expression::{Expression, Unary};
use crate::query::{
    Aggregate, AggregateFunction, Element, Pipeline, Query, Root, Scalar, ScalarFilter, Spanset,
};

/// The printed form of Tempo, which parses to the same query.
impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.root {
            Root::Search(pipeline) => pipeline.fmt(f)?,
            Root::Metrics(metrics) => metrics.fmt(f)?,
        }
        let Some(hints) = &self.hints else { return Ok(()) };
        let hints: Vec<String> =
            hints.iter().map(|(name, value)| format!("{name}={value}")).collect();
        write!(f, " with({})", hints.join(","))
    }
}

impl Display for Pipeline {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        joined(f, &self.elements, "|")
    }
}

impl Display for Element {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spanset(spanset) => spanset.fmt(f),
            Self::ScalarFilter(filter) => filter.fmt(f),
            Self::Group(expression) => write!(f, "by({expression})"),
            Self::Coalesce => f.write_str("coalesce()"),
            Self::Select(attributes) => {
                f.write_str("select(")?;
                joined(f, attributes, ", ")?;
                f.write_char(')')
            }
            Self::Aggregate(aggregate) => aggregate.fmt(f),
        }
    }
}

impl Display for Spanset {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filter(expression) => write!(f, "{{ {expression} }}"),
            Self::Operation { op, left, right } => {
                write!(f, "({left}) {} ({right})", op.as_str())
            }
            Self::Pipeline(pipeline) => pipeline.fmt(f),
        }
    }
}

impl Display for ScalarFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        operation(f, self.op.as_str(), &self.left, &self.right)
    }
}

impl Display for Scalar {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Static(value) => value.fmt(f),
            Self::Aggregate(aggregate) => aggregate.fmt(f),
            Self::Operation { op, left, right } => operation(f, op.as_str(), &**left, &**right),
            Self::Pipeline(pipeline) => pipeline.fmt(f),
        }
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.of {
            None => write!(f, "{}()", self.op.as_str()),
            Some(of) => write!(f, "{}({of})", self.op.as_str()),
        }
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Static(value) => value.fmt(f),
            Self::Attribute(attribute) => attribute.fmt(f),
            Self::Logic { is_and, operands } => {
                // A chain is nested to the left.
                f.write_str(&"(".repeat(operands.len().saturating_sub(2)))?;
                for (at, operand) in operands.iter().enumerate() {
                    if at > 0 {
                        f.write_str(if at > 1 { ")" } else { "" })?;
                        f.write_str(if *is_and { " && " } else { " || " })?;
                    }
                    operand.write_operand(f)?;
                }
                Ok(())
            }
            Self::Binary { op, left, right, .. } => operation(f, op.as_str(), &**left, &**right),
            Self::Unary { op, of } => {
                f.write_str(match op {
                    Unary::Minus => "-",
                    Unary::Not => "!",
                    Unary::Exists | Unary::NotExists => "",
                })?;
                of.write_operand(f)?;
                f.write_str(match op {
                    Unary::Exists => " != nil",
                    Unary::NotExists => " = nil",
                    Unary::Minus | Unary::Not => "",
                })
            }
            Self::Cidr { of, prefixes } => {
                write!(f, "cidr({of}")?;
                prefixes.iter().try_for_each(|prefix| write!(f, ", `{prefix}`"))?;
                f.write_char(')')
            }
        }
    }
}

/// What is printed in parentheses as an operand, unless it is one literal or attribute.
trait WriteOperand: Display {
    fn is_single(&self) -> bool;

    fn write_operand(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.is_single() { self.fmt(f) } else { write!(f, "({self})") }
    }
}

impl WriteOperand for Expression {
    fn is_single(&self) -> bool {
        matches!(self, Self::Static(_) | Self::Attribute(_))
    }
}

impl WriteOperand for Scalar {
    fn is_single(&self) -> bool {
        matches!(self, Self::Static(_))
    }
}

fn operation(
    f: &mut Formatter<'_>,
    op: &str,
    left: &dyn WriteOperand,
    right: &dyn WriteOperand,
) -> fmt::Result {
    left.write_operand(f)?;
    write!(f, " {op} ")?;
    right.write_operand(f)
}

fn joined<T: Display>(f: &mut Formatter<'_>, all: &[T], between: &str) -> fmt::Result {
    for (at, one) in all.iter().enumerate() {
        f.write_str(if at > 0 { between } else { "" })?;
        one.fmt(f)?;
    }
    Ok(())
}

impl Display for Attribute {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (scopes, key) = match self {
            Self::Intrinsic(intrinsic) => return f.write_str(&intrinsic.name()),
            Self::Key { scope, key } => (vec![*scope], key),
            Self::OfParent { scope: Scope::None, key } => {
                f.write_str("parent")?;
                (vec![Scope::None], key)
            }
            Self::OfParent { scope, key } => {
                f.write_str("parent.")?;
                (vec![*scope], key)
            }
        };
        scopes.iter().try_for_each(|scope| write!(f, "{}.", scope.as_str()))?;
        // A key that begins with a quote would be read as one in quotes.
        let is_plain = key.chars().all(|c| is_key_character(c) && c != '"' && c != '\\');
        if is_plain && !key.is_empty() {
            return f.write_str(key);
        }
        write!(f, "\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

impl AggregateFunction {
    const ALL: [(&'static str, Self); 5] = [
        ("count", Self::Count),
        ("max", Self::Max),
        ("min", Self::Min),
        ("sum", Self::Sum),
        ("avg", Self::Avg),
    ];

    /// The name as it is written.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, one)| *one == self).map_or("", |(name, _)| name)
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, one)| *one)
    }
}
