//! Evaluation on the spans of one trace.

mod aggregate;
mod expression;
pub mod operation;
mod spans;
mod structure;

pub use spans::Spans;

use crate::attribute::Attribute;
use crate::expression::Expression;
use crate::query::{Element, Pipeline, Scalar, ScalarFilter, Spanset};
use crate::value::Static;

/// The spans of one trace, as evaluation asks about them: by their place in the trace.
pub trait Trace {
    /// The number of spans.
    fn len(&self) -> usize;

    /// Whether there are no spans.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The place of the parent; `None` for a root, and if the parent was not received.
    fn parent(&self, span: usize) -> Option<usize>;

    /// The value of an attribute; `nil` if the span has none.
    fn value(&self, span: usize, attribute: &Attribute) -> Static;

    /// Whether the span meets the filter.
    fn meets(&self, span: usize, filter: &Expression) -> bool {
        let value = filter.evaluate(&|attribute| self.value(span, attribute));
        value == Static::Bool(true)
    }
}

/// A span set.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Group {
    /// The places of its spans, in the order of the trace.
    pub spans: Vec<usize>,
    /// The values of the set, with their names: of its groups and of aggregates.
    pub attributes: Vec<(String, Static)>,
}

/// Why a query cannot be evaluated on a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EvaluationError {
    /// A structural operator has several span sets on a side.
    #[error(
        "spanset operators are not supported for multiple spansets per trace. consider using coalesce()"
    )]
    SeveralSets,
}

/// The span sets of `trace` that match `pipeline`; none if the trace does not match.
///
/// # Errors
/// [`EvaluationError`].
pub fn evaluate(pipeline: &Pipeline, trace: &dyn Trace) -> Result<Vec<Group>, EvaluationError> {
    if trace.is_empty() {
        return Ok(Vec::new());
    }
    let all = Group { spans: (0..trace.len()).collect(), attributes: Vec::new() };
    pipeline.evaluate(vec![all], trace)
}

type Evaluated = Result<Vec<Group>, EvaluationError>;

impl Pipeline {
    fn evaluate(&self, mut groups: Vec<Group>, trace: &dyn Trace) -> Evaluated {
        for element in &self.elements {
            groups = element.evaluate(groups, trace)?;
            if groups.is_empty() {
                break;
            }
        }
        Ok(groups)
    }
}

impl Element {
    fn evaluate(&self, groups: Vec<Group>, trace: &dyn Trace) -> Evaluated {
        match self {
            Self::Spanset(spanset) => spanset.evaluate(groups, trace),
            Self::ScalarFilter(filter) => Ok(filter.evaluate(groups, trace)),
            Self::Group(expression) => Ok(by(expression, &self.to_string(), groups, trace)),
            Self::Coalesce => {
                let mut spans: Vec<usize> =
                    groups.into_iter().flat_map(|group| group.spans).collect();
                spans.sort_unstable();
                spans.dedup();
                Ok(vec![Group { spans, attributes: Vec::new() }])
            }
            Self::Select(_) => Ok(groups),
            Self::Aggregate(aggregate) => {
                Ok(groups.into_iter().filter_map(|group| aggregate.add_to(group, trace)).collect())
            }
        }
    }
}

/// The groups of each set by the value of `expression`, in the order of their first spans.
fn by(expression: &Expression, name: &str, sets: Vec<Group>, trace: &dyn Trace) -> Vec<Group> {
    let mut found = Vec::new();
    for set in sets {
        let first = found.len();
        let mut known: Vec<Static> = Vec::new();
        for span in set.spans {
            let value = expression.evaluate(&|attribute| trace.value(span, attribute));
            let at = known.iter().position(|one| *one == value).unwrap_or_else(|| {
                let mut attributes = set.attributes.clone();
                set_attribute(&mut attributes, name, value.clone());
                known.push(value);
                found.push(Group { spans: Vec::new(), attributes });
                known.len() - 1
            });
            found[first + at].spans.push(span);
        }
    }
    found
}

/// Sets the attribute `name`.
fn set_attribute(attributes: &mut Vec<(String, Static)>, name: &str, value: Static) {
    match attributes.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = value,
        None => attributes.push((name.to_owned(), value)),
    }
}

impl Spanset {
    fn evaluate(&self, groups: Vec<Group>, trace: &dyn Trace) -> Evaluated {
        match self {
            Self::Filter(filter) => {
                let met = |mut group: Group| {
                    group.spans.retain(|span| trace.meets(*span, filter));
                    (!group.spans.is_empty()).then_some(group)
                };
                Ok(groups.into_iter().filter_map(met).collect())
            }
            Self::Pipeline(pipeline) => pipeline.evaluate(groups, trace),
            Self::Operation { op, left, right } => {
                let mut found = Vec::new();
                for group in groups {
                    let left = left.evaluate(vec![group.clone()], trace)?;
                    let right = right.evaluate(vec![group.clone()], trace)?;
                    let spans = structure::join(*op, &left, &right, trace)?;
                    if !spans.is_empty() {
                        found.push(Group { spans, ..group });
                    }
                }
                Ok(found)
            }
        }
    }
}

impl ScalarFilter {
    /// The sets that meet the comparison. Other comparisons than of an aggregate with a literal are
    /// refused before evaluation, and are met by no set.
    fn evaluate(&self, groups: Vec<Group>, trace: &dyn Trace) -> Vec<Group> {
        let (Scalar::Aggregate(aggregate), Scalar::Static(right)) = (&self.left, &self.right)
        else {
            return Vec::new();
        };
        let met = |group: &Group| {
            let left = group.attributes.iter().find(|(name, _)| *name == aggregate.to_string());
            left.is_some_and(|(_, left)| operation::holds(self.op, left, right))
        };
        let with_value = groups.into_iter().filter_map(|group| aggregate.add_to(group, trace));
        with_value.filter(met).collect()
    }
}
