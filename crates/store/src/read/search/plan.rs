//! The plan of a search with a filter: which conditions the indexes test, and what is evaluated.

use coral_engine::filter::{AttributeOwner, Comparison, Field, Literal, SpanField, TraceField};
use coral_engine::{Filter, TraceQuery};

use super::query::IndexedQuery;

/// The split of a search into index conditions and a filter.
pub(crate) struct Plan<'a> {
    /// Conditions that every matching trace meets.
    pub(super) indexed: IndexedQuery,
    /// Keys and texts of attributes. Of each list, some span of a matching trace has one, on itself
    /// or on its resource, whichever of the two the filter names.
    pub(super) attributes_anywhere: Vec<Vec<(String, String)>>,
    /// The filter to evaluate on traces that meet the conditions; `None` when the conditions are
    /// exact.
    pub(super) filter: Option<&'a Filter>,
}

impl<'a> Plan<'a> {
    /// A search without a filter.
    pub(crate) fn indexed(query: &IndexedQuery) -> Self {
        Self { indexed: query.clone(), attributes_anywhere: Vec::new(), filter: None }
    }

    /// The plan of `query`; `None` when no trace can match.
    ///
    /// Conjuncts of the filter that concern one span, and that indexes can test, become
    /// conditions. If the query itself has services, a name or attributes, conjuncts on span
    /// fields stay in the filter: the indexes would require one span to meet both, but two spans
    /// may.
    pub(crate) fn of(query: &'a TraceQuery) -> Option<Self> {
        let mut plan = Self::indexed(&IndexedQuery::from(query));
        let Some(filter) = &query.filter else { return Some(plan) };
        let takes_spans =
            query.services.is_empty() && query.name.is_none() && query.attributes.is_empty();
        let mut all = Vec::new();
        conjuncts(filter, &mut all);
        let mut is_exact = true;
        for conjunct in all {
            let taken = match conjunct {
                Filter::Compare { field: Field::Trace(field), op, value } => {
                    plan.take_trace(*field, *op, value)
                }
                Filter::Compare { field, op, value } if takes_spans => {
                    plan.take_span(field, *op, value)
                }
                Filter::Or(any) if takes_spans => plan.take_any(any),
                _ => Taken::No,
            };
            match taken {
                Taken::Exactly => {}
                Taken::Partly | Taken::No => is_exact = false,
                Taken::Impossible => return None,
            }
        }
        if !is_exact {
            plan.filter = Some(filter);
        }
        Some(plan)
    }

    /// Whether the index conditions say everything: no filter is evaluated.
    pub(crate) fn is_exact(&self) -> bool {
        self.filter.is_none()
    }

    fn take_span(&mut self, field: &Field, op: Comparison, value: &Literal) -> Taken {
        if let (Field::Span(SpanField::Duration), Literal::Int(nanos)) = (field, value) {
            return self.take_duration(op, *nanos);
        }
        let (Comparison::Equal, Literal::Text(text) | Literal::Untyped(text)) = (op, value) else {
            return Taken::No;
        };
        match field {
            Field::Span(SpanField::Name) if self.indexed.name.is_none() => {
                self.indexed.name = Some(text.clone());
                Taken::Exactly
            }
            Field::Span(SpanField::Service) if self.indexed.services.is_empty() => {
                self.indexed.services.push(text.clone());
                Taken::Exactly
            }
            Field::Span(SpanField::Status) if text == "error" => match self.take_failed(true) {
                Taken::Exactly => Taken::Partly,
                other => other,
            },
            Field::Attribute { of, key } if *of != AttributeOwner::Scope => {
                self.attributes_anywhere.push(vec![(key.clone(), text.clone())]);
                Taken::Partly
            }
            _ => Taken::No,
        }
    }

    /// Takes a disjunction of equalities on attributes, such as both names of a renamed attribute, or a
    /// value and a list with that value.
    fn take_any(&mut self, any: &[Filter]) -> Taken {
        let attribute = |filter: &Filter| match filter {
            Filter::Compare {
                field: Field::Attribute { of, key },
                op: Comparison::Equal,
                value: Literal::Text(text) | Literal::Untyped(text),
            }
            | Filter::HasElement {
                field: Field::Attribute { of, key },
                value: Literal::Text(text),
            } if *of != AttributeOwner::Scope => Some((key.clone(), text.clone())),
            _ => None,
        };
        match any.iter().map(attribute).collect::<Option<Vec<_>>>() {
            Some(mut attributes) if !attributes.is_empty() => {
                attributes.sort_unstable();
                attributes.dedup();
                self.attributes_anywhere.push(attributes);
                Taken::Partly
            }
            Some(_) => Taken::Impossible,
            None => Taken::No,
        }
    }

    fn take_trace(&mut self, field: TraceField, op: Comparison, value: &Literal) -> Taken {
        match (field, op, value) {
            (TraceField::Duration, op, Literal::Int(nanos)) => self.take_duration(op, *nanos),
            (TraceField::ErrorCount, Comparison::Equal, Literal::Int(0)) => self.take_failed(false),
            (TraceField::ErrorCount, Comparison::Greater, Literal::Int(0)) => {
                self.take_failed(true)
            }
            _ => Taken::No,
        }
    }

    fn take_failed(&mut self, failed: bool) -> Taken {
        match self.indexed.failed.replace(failed) {
            Some(other) if other != failed => Taken::Impossible,
            _ => Taken::Exactly,
        }
    }

    /// Makes a condition on a duration, in nanoseconds, a lower bound in microseconds. The bound
    /// is rounded down, because indexes have durations truncated to microseconds.
    fn take_duration(&mut self, op: Comparison, nanos: i64) -> Taken {
        match op {
            Comparison::Equal | Comparison::Greater | Comparison::GreaterOrEqual if nanos > 0 => {
                let least = self.indexed.min_duration_us.unwrap_or(i64::MIN).max(nanos / 1_000);
                self.indexed.min_duration_us = Some(least);
                Taken::Partly
            }
            _ => Taken::No,
        }
    }
}

/// Whether index conditions express a conjunct.
#[derive(Clone, Copy)]
enum Taken {
    Exactly,
    /// The conditions also hold for traces that do not match.
    Partly,
    No,
    /// The conjunct contradicts other conditions.
    Impossible,
}

fn conjuncts<'a>(filter: &'a Filter, all: &mut Vec<&'a Filter>) {
    match filter {
        Filter::And(many) => many.iter().for_each(|one| conjuncts(one, all)),
        other => all.push(other),
    }
}
