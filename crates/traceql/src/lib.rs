//! TraceQL, the query language of Grafana Tempo.
//!
//! [`parse`] accepts and refuses what Tempo accepts and refuses, [`Query`] is displayed in Tempo's
//! printed form, and [`mod@evaluate`] works on the spans of one trace. The crate knows no store: it is
//! told the spans.
#![warn(missing_docs)]

mod attribute;
mod check;
mod cidr;
mod duration;
mod error;
mod evaluate;
mod expression;
mod operator;
mod parser;
mod pattern;
mod print;
mod query;
#[cfg(test)]
mod tests;
mod token;
mod value;

pub use attribute::{Attribute, Intrinsic, Scope};
pub use cidr::Prefix;
pub use error::{SyntaxError, SyntaxErrorKind};
pub use evaluate::{EvaluationError, Group, Spans, Trace, evaluate, operation};
pub use expression::{Expression, Unary};
pub use operator::{Form, Operator, Relation, SpansetOperator};
pub use parser::{MAX_BYTES, MAX_DEPTH, parse_attribute, parse_syntax};
pub use pattern::Pattern;
pub use query::{
    Aggregate, AggregateFunction, Element, Metrics, MetricsFunction, MetricsOperator,
    MetricsSource, Pipeline, Query, Root, Scalar, ScalarFilter, Spanset, Stage,
};
pub use value::Static;

/// Parses a query and checks its types. What Tempo refuses is refused.
///
/// # Errors
/// [`SyntaxError`], of each [kind](SyntaxErrorKind).
pub fn parse(text: &str) -> Result<Query, SyntaxError> {
    let query = parse_syntax(text)?;
    query.check()?;
    Ok(query)
}
