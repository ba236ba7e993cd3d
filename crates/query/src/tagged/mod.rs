//! Traces that have tags: keys with parts of values, the older search of Tempo.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use coral_engine::filter::{
    AttributeOwner, Comparison, Field, Literal, Pattern, SpanField, TraceField,
};
use coral_engine::{Budget, Columns, Filter, TraceQuery, TraceSummary};
use coral_trace::{Span, TimeRange};

use crate::ask::{QueryError, Sources};
use crate::reader::Reader;
use crate::search::escaped;
use crate::traceql::{FoundTrace, SearchAnswer, ServiceStats};

/// A search for traces by tags. A trace has a tag if one of its spans has it; two tags may be those
/// of two spans.
#[derive(Clone, PartialEq, Debug)]
pub struct TaggedQuestion {
    /// Keys and parts of values; upper and lower case are the same in values. A key is an attribute
    /// of a span or of its resource, or one of `name`, `status.code` (`unset`, `ok`, `error`),
    /// `error` (`true`, `false`), `root.name` and `root.service.name`.
    pub tags: Vec<(String, String)>,
    /// When the traces started.
    pub started: TimeRange,
    /// The shortest duration of a trace.
    pub min_duration: Option<Duration>,
    /// The longest duration of a trace.
    pub max_duration: Option<Duration>,
    /// The largest number of traces: the newest are found.
    pub limit: u32,
}

/// The largest number of spans of which numbers by service are counted.
const MAX_SPANS: u32 = 200_000;

impl TaggedQuestion {
    /// Finds the traces. Blocks the calling thread.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] of a tag; [`QueryError::OverBudget`] and the errors of the engine.
    pub fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<SearchAnswer, QueryError> {
        let before = budget.bytes();
        let reader = Reader::new(from, budget);
        let tags = self.tags.iter().map(|(key, value)| tag(key, value));
        let tags: Vec<Filter> = tags.collect::<Result<_, _>>()?;
        let micros = |length: Duration| i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        let query = TraceQuery {
            started: self.started,
            min_duration_us: self.min_duration.map(micros),
            max_duration_us: self.max_duration.map(micros),
            filter: (!tags.is_empty()).then_some(Filter::And(tags)),
            ..TraceQuery::newest(self.limit)
        };
        let found = reader.search(&query)?;
        let ids: Vec<_> = found.iter().map(|trace| trace.trace_id).collect();
        let spans = reader.spans(&ids, None, Columns::CORE, MAX_SPANS)?;
        let of_trace: BTreeMap<_, &[Span]> = spans
            .chunk_by(|one, next| one.trace_id == next.trace_id)
            .map(|spans| (spans[0].trace_id, spans))
            .collect();
        let traces = found.into_iter().map(|trace| {
            let spans = of_trace.get(&trace.trace_id).copied().unwrap_or_default();
            found_trace(trace, spans)
        });
        let traces: Vec<_> = traces.collect();
        let inspected_bytes = budget.bytes().saturating_sub(before);
        Ok(SearchAnswer { inspected_traces: traces.len() as u64, traces, inspected_bytes })
    }
}

fn found_trace(trace: TraceSummary, spans: &[Span]) -> FoundTrace {
    let start = spans.iter().map(|span| span.start).min().unwrap_or(trace.start);
    let mut service_stats: BTreeMap<String, ServiceStats> = BTreeMap::new();
    for span in spans {
        let stats = service_stats.entry(span.origin.service_name().to_owned()).or_default();
        stats.spans += 1;
        stats.errors += u32::from(span.is_error());
    }
    FoundTrace {
        trace_id: trace.trace_id,
        root_service: trace.root_service,
        root_name: trace.root_name,
        start,
        duration: Duration::from_micros(trace.duration_us.unsigned_abs()),
        span_sets: Vec::new(),
        service_stats,
    }
}

/// The condition on a trace that it has the tag.
fn tag(key: &str, value: &str) -> Result<Filter, QueryError> {
    let of_span = |filter| Filter::AnySpan(Box::new(filter));
    let status = |code: &str| Filter::Compare {
        field: Field::Span(SpanField::Status),
        op: Comparison::Equal,
        value: Literal::Text(code.to_owned()),
    };
    let part = |field: Field| -> Result<Filter, QueryError> {
        let pattern = format!("(?i){}", escaped(value));
        let pattern = Pattern::untyped(&pattern)
            .map_err(|error| QueryError::invalid("tags", &error.to_string()))?;
        Ok(Filter::Regex { field, pattern })
    };
    Ok(match key {
        "name" => of_span(part(Field::Span(SpanField::Name))?),
        "root.name" => part(Field::Trace(TraceField::RootName))?,
        "root.service.name" => part(Field::Trace(TraceField::RootService))?,
        "status.code" => of_span(status(&value.to_lowercase())),
        "error" => match value.to_lowercase().as_str() {
            "true" => of_span(status("error")),
            "false" => Filter::Not(Box::new(of_span(status("error")))),
            _ => return Err(QueryError::invalid("tags", "`error` is true or false")),
        },
        key => {
            of_span(part(Field::Attribute { of: AttributeOwner::SpanOrResource, key: key.into() })?)
        }
    })
}
