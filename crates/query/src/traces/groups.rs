//! Spans that meet the conditions of a list, counted by the value of a key.

use std::collections::BTreeMap;

use coral_engine::filter::{AttributeOwner, EventField, Field, SpanField};
use coral_engine::{Columns, Filter, TraceQuery, TraceSummary};
use coral_trace::dependency::nearest_rank;
use coral_trace::{Span, TraceId};

use super::answer::{Group, Groups};
use super::condition::Conditions;
use super::failures::cut;
use super::question::TracesQuestion;
use super::trace_query;
use crate::ask::QueryError;
use crate::reader::Reader;
use crate::sample::{OVERSIZED_IN_COHORT, fitting};
use crate::search;

/// The largest number of traces whose spans are counted, the newest or the slowest.
const MAX_TRACES: u32 = 10_000;
/// The largest number of spans that are read of these traces; and so many are in memory at a time.
const MAX_SPANS: u64 = 2_000_000;
const MAX_SPANS_AT_ONCE: u64 = 100_000;
/// The largest number of different values.
const MAX_GROUPS: usize = 10_000;

impl Reader<'_> {
    /// The spans that meet the conditions of `question`, by each of `keys`: at most `max_groups` groups
    /// a key. What the question groups by does not matter.
    pub(crate) fn groups_by<const N: usize>(
        &self,
        question: &TracesQuestion,
        keys: [&str; N],
        max_groups: u32,
    ) -> Result<[Groups; N], QueryError> {
        let conditions = Conditions::of(question)?;
        let query = trace_query(question, &conditions, MAX_TRACES)?;
        self.groups(keys, max_groups, &query, &conditions)
    }

    /// As [`groups_by`](Self::groups_by), of the spans that meet `conditions` in the traces that
    /// `query` finds.
    pub(super) fn groups<const N: usize>(
        &self,
        keys: [&str; N],
        max_groups: u32,
        query: &TraceQuery,
        conditions: &Conditions,
    ) -> Result<[Groups; N], QueryError> {
        let parsed = keys.into_iter().map(GroupKey::named).collect::<Result<Vec<_>, _>>()?;
        let query = TraceQuery { after: None, limit: MAX_TRACES + 1, ..query.clone() };
        let mut found = self.search(&query)?;
        let all = found.len();
        found.truncate(MAX_TRACES as usize);
        let found = fitting(found, MAX_SPANS, OVERSIZED_IN_COHORT).traces;
        let mut more = found.len() < all;
        let filter = conditions.span_filter();
        let columns = parsed.iter().fold(filter.columns(), |columns, key| columns | key.columns());
        let mut counted = [(); N].map(|()| Counted::default());
        for traces in at_once(&found) {
            let ids: Vec<TraceId> = traces.iter().map(|trace| trace.trace_id).collect();
            let spans = self.spans(&ids, query.collector, columns, MAX_SPANS_AT_ONCE as u32)?;
            let all: u64 = traces.iter().map(|trace| trace.spans).sum();
            more |= all > MAX_SPANS_AT_ONCE && spans.len() as u64 == MAX_SPANS_AT_ONCE;
            for trace in spans.chunk_by(|one, other| one.trace_id == other.trace_id) {
                for (counted, key) in counted.iter_mut().zip(&parsed) {
                    counted.is_cut |= !counted.add(trace, &filter, key);
                }
            }
        }
        let mut names = keys.into_iter();
        Ok(counted.map(|counted| {
            let more = more || counted.is_cut;
            let mut answer = counted.answer(found.len() as u64);
            answer.left_out = answer.groups.len().saturating_sub(max_groups as usize) as u64;
            answer.groups.truncate(max_groups as usize);
            Groups { by: names.next().unwrap_or_default().to_owned(), more, ..answer }
        }))
    }
}

/// The traces in runs of at most [`MAX_SPANS_AT_ONCE`] spans; a larger trace is a run of its own.
fn at_once(found: &[TraceSummary]) -> Vec<&[TraceSummary]> {
    let (mut runs, mut first, mut spans) = (Vec::new(), 0, 0);
    for (at, trace) in found.iter().enumerate() {
        if at > first && spans + trace.spans > MAX_SPANS_AT_ONCE {
            runs.push(&found[first..at]);
            (first, spans) = (at, 0);
        }
        spans += trace.spans;
    }
    runs.push(&found[first..]);
    runs
}

/// The key of groups: a field of a span, an attribute under each of its names, or a field of an
/// event, of which the first counts.
pub(crate) struct GroupKey(Vec<Field>);

impl GroupKey {
    pub(crate) fn named(key: &str) -> Result<Self, QueryError> {
        let fields = search::fields(key);
        let has_values = |field: &Field| match field {
            Field::Span(field) => !matches!(field, SpanField::Duration | SpanField::Start),
            Field::Attribute { .. } | Field::Event(_) => true,
            Field::Link(_) | Field::Trace(_) => false,
        };
        if fields.iter().all(has_values) && !key.trim().is_empty() {
            return Ok(Self(fields));
        }
        let reason = format!(
            "`{key}` is no key of a span that has groups: service, name, status, kind, code, \
             collector, message, scope, event, or an attribute such as host.name"
        );
        Err(QueryError::invalid("by", &reason))
    }

    pub(crate) fn columns(&self) -> Columns {
        self.0.iter().fold(Columns::CORE, |columns, field| columns | field.columns())
    }

    /// The value of the key in `span`, as text; `None` if the span does not have the key.
    pub(crate) fn value(&self, span: &Span) -> Option<String> {
        self.0.iter().find_map(|field| match field {
            Field::Attribute { of: AttributeOwner::SpanOrResource, key } => {
                let resource = &span.origin.resource.attributes;
                let value = span.attributes.get(key).or_else(|| resource.get(key));
                value.map(ToString::to_string)
            }
            Field::Span(SpanField::Service) => Some(span.origin.service_name().to_owned()),
            Field::Span(SpanField::Name) => Some(span.name.clone()),
            Field::Span(SpanField::Kind) => Some(span.kind.as_str().to_owned()),
            Field::Span(SpanField::Status) => Some(span.status.code.as_str().to_owned()),
            Field::Span(SpanField::Collector) => Some(span.origin.collector.as_str().to_owned()),
            Field::Span(SpanField::ResponseStatus) => {
                span.response_status().map(|code| code.to_string())
            }
            Field::Span(SpanField::StatusMessage) => {
                Some(span.status.message.clone()).filter(|message| !message.is_empty())
            }
            Field::Span(SpanField::ScopeName) => {
                Some(span.origin.scope.name.clone()).filter(|name| !name.is_empty())
            }
            Field::Event(EventField::Name) => span.events.first().map(|event| event.name.clone()),
            Field::Event(EventField::Attribute(key)) => {
                let values = span.events.iter().filter_map(|event| event.attributes.get(key));
                values.map(ToString::to_string).next()
            }
            _ => None,
        })
    }
}

/// The spans that were counted, by value.
#[derive(Default)]
struct Counted {
    rows: BTreeMap<Option<String>, Row>,
    /// Whether spans were not counted.
    is_cut: bool,
}

#[derive(Default)]
struct Row {
    errors: u64,
    traces: u64,
    last_trace: Option<TraceId>,
    /// Durations in microseconds.
    durations_us: Vec<i64>,
}

impl Counted {
    /// Adds the spans of one trace that meet `filter`. Returns whether all were counted; spans of a
    /// further value are not if there are [`MAX_GROUPS`].
    fn add(&mut self, trace: &[Span], filter: &Filter, key: &GroupKey) -> bool {
        let mut is_whole = true;
        for span in filter.spans_that_match(trace) {
            let value = key.value(span).map(cut);
            if self.rows.len() == MAX_GROUPS && !self.rows.contains_key(&value) {
                is_whole = false;
                continue;
            }
            let row = self.rows.entry(value).or_default();
            row.errors += u64::from(span.is_error());
            if row.last_trace.replace(span.trace_id) != Some(span.trace_id) {
                row.traces += 1;
            }
            row.durations_us.push(span.duration().as_micros() as i64);
        }
        is_whole
    }

    /// The groups, those with the most errors first, then those with the most spans.
    fn answer(self, traces: u64) -> Groups {
        let mut groups: Vec<Group> = self
            .rows
            .into_iter()
            .map(|(value, mut row)| {
                row.durations_us.sort_unstable();
                Group {
                    value,
                    spans: row.durations_us.len() as u64,
                    errors: row.errors,
                    traces: row.traces,
                    p50_us: percentile(&row.durations_us, 50),
                    p95_us: percentile(&row.durations_us, 95),
                }
            })
            .collect();
        groups.sort_by_key(|group| std::cmp::Reverse((group.errors, group.spans)));
        Groups { by: String::new(), groups, traces, more: false, left_out: 0 }
    }
}

/// The percentile of sorted durations by nearest rank: a duration that occurred.
fn percentile(sorted: &[i64], percent: u64) -> i64 {
    let rank = nearest_rank(sorted.len() as u64, percent);
    sorted.get(rank as usize - 1).copied().unwrap_or(0)
}
