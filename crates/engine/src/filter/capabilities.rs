//! The filters that an engine can evaluate.

use super::Filter;
use crate::error::EngineError;

/// The filters that an engine can evaluate. An engine that evaluates any filters at least supports
/// conjunctions of equality comparisons, on attributes of spans and resources and on fields of
/// spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FilterCapabilities {
    /// Whether the engine evaluates any filters.
    pub equality: bool,
    /// Disjunctions and negations, at any depth.
    pub or_not: bool,
    /// Comparisons other than equality.
    pub ordering: bool,
    /// Regular expressions.
    pub regex: bool,
    /// Tests whether a field exists.
    pub exists: bool,
    /// Elements of lists.
    pub lists: bool,
    /// Fields of events and links.
    pub events_and_links: bool,
    /// Fields of the trace, and [`Filter::AnySpan`].
    pub trace: bool,
}

impl FilterCapabilities {
    /// All filters.
    pub const ALL: Self = Self {
        equality: true,
        or_not: true,
        ordering: true,
        regex: true,
        exists: true,
        lists: true,
        events_and_links: true,
        trace: true,
    };

    /// No filters.
    pub const NONE: Self = Self {
        equality: false,
        or_not: false,
        ordering: false,
        regex: false,
        exists: false,
        lists: false,
        events_and_links: false,
        trace: false,
    };

    /// Checks that an engine with these capabilities can evaluate `filter`.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`], which names the first missing capability.
    pub fn check(&self, filter: &Filter) -> Result<(), EngineError> {
        let needs = filter.needs();
        let missing = [
            (self.equality, true, "filters"),
            (self.or_not, needs.or_not, "disjunction and negation in a filter"),
            (self.ordering, needs.ordering, "comparisons other than for equality in a filter"),
            (self.regex, needs.regex, "regular expressions in a filter"),
            (self.exists, needs.exists, "tests for presence in a filter"),
            (self.lists, needs.lists, "elements of lists in a filter"),
            (self.events_and_links, needs.events_and_links, "events and links in a filter"),
            (self.trace, needs.trace, "fields of the trace in a filter"),
        ];
        match missing.into_iter().find(|(can, needed, _)| *needed && !can) {
            Some((_, _, feature)) => Err(EngineError::Unsupported { feature }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Comparison, Field, Literal, SpanField, TraceField};
    use super::*;

    fn compare(field: Field, op: Comparison) -> Filter {
        Filter::Compare { field, op, value: Literal::Int(1) }
    }

    #[test]
    fn an_engine_names_what_it_cannot_filter_by() {
        let equality = FilterCapabilities { equality: true, ..FilterCapabilities::NONE };
        let of = |filter: &Filter| match equality.check(filter) {
            Err(EngineError::Unsupported { feature }) => feature,
            other => panic!("{other:?}"),
        };
        let name = Field::Span(SpanField::Name);
        assert!(equality.check(&compare(name.clone(), Comparison::Equal)).is_ok());
        let longer = compare(name.clone(), Comparison::Greater);
        assert_eq!(of(&longer), "comparisons other than for equality in a filter");
        let nested = Filter::And(vec![Filter::Not(Box::new(Filter::Exists(name)))]);
        assert_eq!(of(&nested), "disjunction and negation in a filter");
        let count = compare(Field::Trace(TraceField::SpanCount), Comparison::Equal);
        assert_eq!(of(&count), "fields of the trace in a filter");
        assert!(FilterCapabilities::ALL.check(&nested).is_ok());
        assert!(FilterCapabilities::NONE.check(&Filter::And(vec![])).is_err());
    }
}
