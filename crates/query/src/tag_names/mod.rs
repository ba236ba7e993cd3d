//! The keys of attributes, by the part of a span that has them.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use coral_engine::{Budget, Columns, TraceQuery};
use coral_trace::{Attributes, Span, SpanId, TimeRange, TraceId};

use crate::ask::{QueryError, Sources};
use crate::reader::Reader;
use crate::sample::{OVERSIZED_IN_COHORT, fitting};
use crate::traceql::{self, SearchQuestion};

/// The keys of attributes that spans have. The spans are those of the newest 500 traces of the time
/// range, at most 20,000; with a query, the spans that meet it in the newest 100 traces that match.
#[derive(Clone, PartialEq, Debug)]
pub struct TagNamesQuestion {
    /// Only spans that meet this query of TraceQL. A query that cannot be read is left out, because
    /// somebody is typing it.
    pub q: Option<String>,
    /// Only spans of traces that started then.
    pub started: TimeRange,
    /// The largest number of keys of each scope.
    pub limit: usize,
}

/// The part of a span that has attributes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TagScope {
    /// The resource.
    Resource,
    /// The span itself.
    Span,
    /// Its events.
    Event,
    /// Its links.
    Link,
    /// The instrumentation scope.
    Instrumentation,
}

/// Sorted keys of each scope that has any.
pub type TagNames = BTreeMap<TagScope, BTreeSet<String>>;

/// Spans that meet a query.
struct Matching {
    traces: Vec<TraceId>,
    spans: HashSet<(TraceId, SpanId)>,
}

const MAX_TRACES: u32 = 500;
const MAX_SPANS: u32 = 20_000;
const MAX_MATCHING_TRACES: u32 = 100;
/// The largest number of keys of a scope that are told apart.
const MAX_KEYS: usize = 100_000;

impl TagNamesQuestion {
    /// The keys. Blocks the calling thread.
    ///
    /// # Errors
    /// [`QueryError::OverBudget`] and the errors of the engine.
    pub fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<TagNames, QueryError> {
        let reader = Reader::new(from, budget);
        let matching = match &self.q {
            Some(q) => self.matching(q, from, budget)?,
            None => None,
        };
        let mut found = TagNames::new();
        match matching {
            Some(Matching { traces, spans }) => {
                for span in reader.spans(&traces, None, Columns::ALL, MAX_SPANS)? {
                    if spans.contains(&(span.trace_id, span.span_id)) {
                        add_keys(&span, &mut found);
                    }
                }
            }
            None => {
                let traces = self.newest(&reader)?;
                for span in reader.spans(&traces, None, Columns::ALL, MAX_SPANS)? {
                    add_keys(&span, &mut found);
                }
            }
        }
        for keys in found.values_mut() {
            *keys = std::mem::take(keys).into_iter().take(self.limit).collect();
        }
        Ok(found)
    }

    fn newest(&self, reader: &Reader<'_>) -> Result<Vec<TraceId>, QueryError> {
        let query = TraceQuery { started: self.started, ..TraceQuery::newest(MAX_TRACES) };
        let found = fitting(reader.search(&query)?, MAX_SPANS.into(), OVERSIZED_IN_COHORT);
        // A range that has nothing but one enormous trace has the keys of its first spans.
        let read = if found.traces.is_empty() { found.oversized } else { found.traces };
        Ok(read.into_iter().map(|trace| trace.trace_id).collect())
    }

    /// The traces with spans that meet `q`, and these spans; `None` for a query that cannot be read.
    fn matching(
        &self,
        q: &str,
        from: &Sources<'_>,
        budget: &Budget,
    ) -> Result<Option<Matching>, QueryError> {
        if traceql::parse(q).is_err() {
            return Ok(None);
        }
        let search = SearchQuestion {
            q: q.to_owned(),
            since: Some(self.started.start),
            until: Some(self.started.end),
            limit: MAX_MATCHING_TRACES,
            spans_per_set: 0,
        };
        let found = match search.answer(from, budget) {
            Ok(found) => found,
            Err(QueryError::Invalid { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let traces = found.traces.iter().map(|trace| trace.trace_id).collect();
        let spans = found.traces.iter().flat_map(|trace| {
            let spans = trace.span_sets.iter().flat_map(|set| &set.spans);
            spans.map(|span| (trace.trace_id, span.span_id))
        });
        Ok(Some(Matching { traces, spans: spans.collect() }))
    }
}

impl TagScope {
    /// Every scope.
    pub const ALL: [Self; 5] =
        [Self::Resource, Self::Span, Self::Event, Self::Link, Self::Instrumentation];

    /// The scope as TraceQL spells it, such as `resource`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Span => "span",
            Self::Event => "event",
            Self::Link => "link",
            Self::Instrumentation => "instrumentation",
        }
    }
}

fn add_keys(span: &Span, found: &mut TagNames) {
    let mut add = |scope: TagScope, attributes: &Attributes| {
        for attribute in attributes.iter().filter(|attribute| !attribute.key.is_empty()) {
            let keys = found.entry(scope).or_default();
            if !keys.contains(&attribute.key) && keys.len() < MAX_KEYS {
                keys.insert(attribute.key.clone());
            }
        }
    };
    add(TagScope::Resource, &span.origin.resource.attributes);
    add(TagScope::Span, &span.attributes);
    span.events.iter().for_each(|event| add(TagScope::Event, &event.attributes));
    span.links.iter().for_each(|link| add(TagScope::Link, &link.attributes));
    add(TagScope::Instrumentation, &span.origin.scope.attributes);
}
