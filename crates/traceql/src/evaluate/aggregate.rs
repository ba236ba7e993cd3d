//! Aggregates of span sets.

use std::cmp::Ordering;

use super::{Group, Trace, set_attribute};
use crate::query::{Aggregate, AggregateFunction};
use crate::value::Static;

impl Aggregate {
    /// `group` with the value of this aggregate; `None` if no span has a value.
    pub(super) fn add_to(&self, mut group: Group, trace: &dyn Trace) -> Option<Group> {
        let value = match &self.of {
            None => Static::Int(group.spans.len() as i64),
            Some(of) => {
                let values = group
                    .spans
                    .iter()
                    .map(|span| of.evaluate(&|attribute| trace.value(*span, attribute)));
                self.op.of(values.filter(|value| !value.is_nil()))?
            }
        };
        set_attribute(&mut group.attributes, &self.to_string(), value);
        Some(group)
    }
}

impl AggregateFunction {
    /// The value of this function; `None` without values.
    fn of(self, values: impl Iterator<Item = Static>) -> Option<Static> {
        match self {
            Self::Count => Some(Static::Int(values.count() as i64)),
            Self::Max => values.reduce(|best, next| match next.order(&best) {
                Ordering::Greater => next,
                _ => best,
            }),
            Self::Min => values.reduce(|best, next| match next.order(&best) {
                Ordering::Less => next,
                _ => best,
            }),
            Self::Sum => values.reduce(sum),
            Self::Avg => {
                let mut count = 0;
                let total = values.inspect(|_| count += 1).reduce(sum)?;
                Some(match total {
                    Static::Int(total) => Static::Float(total as f64 / count as f64),
                    Static::Duration(total) => Static::Duration(total / count),
                    Static::Float(total) => Static::Float(total / count as f64),
                    other => other,
                })
            }
        }
    }
}

/// The sum of two numbers of one type; a value of another type is left out.
fn sum(total: Static, next: Static) -> Static {
    match (total, next) {
        (Static::Int(one), Static::Int(two)) => Static::Int(one.wrapping_add(two)),
        (Static::Duration(one), Static::Duration(two)) => Static::Duration(one.wrapping_add(two)),
        (Static::Float(one), Static::Float(two)) => Static::Float(one + two),
        (total, _) => total,
    }
}
