//! Filters: trees of conditions on traces.
//!
//! Query languages compile to this tree, and engines evaluate it. [`Filter::matches`] defines what
//! a filter does: an engine that supports a filter MUST find exactly the traces for which it
//! returns `true`.

mod capabilities;
mod evaluate;
mod field;
mod literal;
mod pattern;
#[cfg(test)]
mod tests;

pub use self::capabilities::FilterCapabilities;
pub use evaluate::TraceFacts;
pub use field::{AttributeOwner, EventField, Field, LinkField, SpanField, TraceField};
pub use literal::{Comparison, Literal};
pub use pattern::{InvalidPattern, Pattern};

use crate::columns::Columns;

/// A condition on a span. A trace matches when one of its spans meets the whole condition: `And` of
/// a name and an attribute is met by a span that has both, and not by two spans that have one each.
///
/// - **Fields of the trace** have the same value for each span of the trace.
/// - **`Not` is about the span**: `Not(name = "a")` matches a trace that has a span with another
///   name, even if the trace also has spans named `a`. To exclude traces with a span named `a`, use
///   `Not(AnySpan(name = "a"))`.
/// - **A field that a span does not have meets no comparison**, not even `!=`. So a span without
///   `x` meets `Not(x = 1)`, and does not meet `x != 1`.
/// - **Events and links**: a span meets a condition on events when one of its events meets it, and
///   likewise for links. Two conditions may be met by two different events.
/// - **Types are not mixed**: see [`Literal`].
#[derive(Clone, PartialEq, Debug)]
pub enum Filter {
    /// The span meets all of these filters; true if the list is empty.
    And(Vec<Filter>),
    /// The span meets at least one of these filters; false if the list is empty.
    Or(Vec<Filter>),
    /// The span does not meet this filter.
    Not(Box<Filter>),
    /// Some span of the same trace meets this filter. The result is the same for all spans of a
    /// trace.
    AnySpan(Box<Filter>),
    /// The comparison of the field's value with `value` is true.
    Compare {
        /// The field.
        field: Field,
        /// The comparison.
        op: Comparison,
        /// The value to compare with.
        value: Literal,
    },
    /// The regular expression matches the field's value or a part of it. The value is text, unless
    /// the pattern is [untyped](Pattern::untyped).
    Regex {
        /// The field.
        field: Field,
        /// The regular expression.
        pattern: Pattern,
    },
    /// The span has the field, with any value.
    Exists(Field),
    /// The field's value is a list, and one of its elements equals `value`.
    HasElement {
        /// The field.
        field: Field,
        /// The value to compare each element with.
        value: Literal,
    },
}

impl Filter {
    /// The deepest nesting of filters. Code that makes a filter from foreign input MUST refuse
    /// deeper nesting, because filters are evaluated and dropped recursively.
    pub const MAX_DEPTH: usize = 64;

    /// The columns that are needed to evaluate this filter.
    pub fn columns(&self) -> Columns {
        let mut columns = Columns::CORE;
        self.each_field(&mut |field| columns |= field.columns());
        columns
    }

    /// The capabilities that an engine needs to evaluate this filter.
    pub fn needs(&self) -> FilterCapabilities {
        let mut needs = FilterCapabilities { equality: true, ..FilterCapabilities::NONE };
        self.add_needs(&mut needs);
        self.each_field(&mut |field| {
            needs.events_and_links |= matches!(field, Field::Event(_) | Field::Link(_));
            needs.trace |= matches!(field, Field::Trace(_));
        });
        needs
    }

    fn add_needs(&self, needs: &mut FilterCapabilities) {
        match self {
            Self::And(all) => all.iter().for_each(|one| one.add_needs(needs)),
            Self::Or(any) => {
                needs.or_not = true;
                any.iter().for_each(|one| one.add_needs(needs));
            }
            Self::Not(inner) => {
                needs.or_not = true;
                inner.add_needs(needs);
            }
            Self::AnySpan(inner) => {
                needs.trace = true;
                inner.add_needs(needs);
            }
            Self::Compare { op, .. } => needs.ordering |= *op != Comparison::Equal,
            Self::Regex { .. } => needs.regex = true,
            Self::Exists(_) => needs.exists = true,
            Self::HasElement { .. } => needs.lists = true,
        }
    }

    fn each_field(&self, visit: &mut dyn FnMut(&Field)) {
        match self {
            Self::And(many) | Self::Or(many) => many.iter().for_each(|one| one.each_field(visit)),
            Self::Not(inner) | Self::AnySpan(inner) => inner.each_field(visit),
            Self::Compare { field, .. }
            | Self::Regex { field, .. }
            | Self::Exists(field)
            | Self::HasElement { field, .. } => {
                visit(field);
            }
        }
    }
}
