//! How a search with a filter is done: what indexes do of it, and what is left to be evaluated.

use coral_engine::filter::{AttributeOwner, Comparison, Field, Literal, SpanField, TraceField};
use coral_engine::{Filter, TraceQuery};

use super::query::IndexedQuery;

/// What indexes do of a search, and what they leave.
pub(crate) struct Plan<'a> {
    /// Every trace that the search asks for meets these conditions.
    pub(super) indexed: IndexedQuery,
    /// Key and text of attributes that a span has that matches the filter: on itself or on its resource, whichever of
    /// the two the filter means.
    pub(super) attributes_anywhere: Vec<(String, String)>,
    /// What is evaluated on the traces that meet them; `None` when they say it all.
    pub(super) filter: Option<&'a Filter>,
}

impl<'a> Plan<'a> {
    /// A search that indexes do alone.
    pub(crate) fn indexed(query: &IndexedQuery) -> Self {
        Self { indexed: query.clone(), attributes_anywhere: Vec::new(), filter: None }
    }

    /// How `query` is done; `None` when no trace can match.
    ///
    /// The conjuncts of the filter that say of one span what indexes know are added to the conditions, unless the query
    /// has such conditions already: those may be met by another span.
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
                self.attributes_anywhere.push((key.clone(), text.clone()));
                Taken::Partly
            }
            _ => Taken::No,
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

    /// A span, or a trace, of so many nanoseconds is in a trace of at least as many whole microseconds.
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

/// Whether conditions of indexes say what a conjunct says.
#[derive(Clone, Copy)]
enum Taken {
    Exactly,
    /// They hold for more traces than it does.
    Partly,
    No,
    /// It contradicts what is asked besides.
    Impossible,
}

fn conjuncts<'a>(filter: &'a Filter, all: &mut Vec<&'a Filter>) {
    match filter {
        Filter::And(many) => many.iter().for_each(|one| conjuncts(one, all)),
        other => all.push(other),
    }
}
