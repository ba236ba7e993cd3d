//! Names of services and spans, in upper and lower case.

use std::collections::BTreeSet;

use coral_engine::filter::Pattern;
use coral_engine::{Budget, Columns, TraceQuery};
use coral_trace::{Span, TimeRange, TraceId, remote_service};

use crate::ask::{QueryError, Sources};
use crate::sample::{OVERSIZED_IN_COHORT, fitting};

/// The largest number of traces, the newest, and of their spans that are looked at.
const MAX_TRACES: u32 = 500;
const MAX_SPANS: u64 = 20_000;
/// The largest number of bytes of a name.
const MAX_NAME_BYTES: usize = 1_024;

/// The names of the spans of `service`, sorted.
///
/// # Errors
/// The error of the engine.
pub fn span_names(
    service: &str,
    started: TimeRange,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<BTreeSet<String>, QueryError> {
    let mut names = BTreeSet::new();
    for service in matching_services(service, started, from, budget)? {
        let operations = from.traces.operations(&service, started, budget)?;
        names.extend(operations.into_iter().map(|operation| operation.name));
    }
    names.remove("");
    Ok(names)
}

/// The names of the other sides of calls in the newest 500 traces with a span of `service`, sorted.
///
/// # Errors
/// The error of the engine.
pub fn remote_services(
    service: &str,
    started: TimeRange,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<BTreeSet<String>, QueryError> {
    let services = matching_services(service, started, from, budget)?;
    if services.is_empty() {
        return Ok(BTreeSet::new());
    }
    let is_of = |span: &Span| services.iter().any(|name| name == span.origin.service_name());
    let query =
        TraceQuery { started, services: services.clone(), ..TraceQuery::newest(MAX_TRACES) };
    let found = from.traces.search(&query, budget)?;
    let found = fitting(found, MAX_SPANS, OVERSIZED_IN_COHORT).traces;
    let ids: Vec<TraceId> = found.iter().map(|trace| trace.trace_id).collect();
    let limit = MAX_SPANS as u32;
    let spans = from.traces.spans_of(&ids, None, Columns::ATTRIBUTES, limit, budget)?;
    let spans = spans.iter().map(|stored| &stored.span).filter(|span| is_of(span));
    Ok(spans.filter_map(|span| remote_service(&span.attributes)).map(str::to_owned).collect())
}

/// The services that are called `name` in upper or lower case.
pub(super) fn matching_services(
    name: &str,
    started: TimeRange,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<Vec<String>, QueryError> {
    let lower = name.to_lowercase();
    let all = from.traces.services(started, budget)?;
    Ok(all.into_iter().filter(|one| one == name || one.to_lowercase() == lower).collect())
}

/// A pattern that matches exactly `name`, in upper and lower case. `parameter` is named in errors.
pub(super) fn exactly(name: &str, parameter: &'static str) -> Result<Pattern, QueryError> {
    if name.len() > MAX_NAME_BYTES {
        let reason = format!("{} bytes are more than {MAX_NAME_BYTES}", name.len());
        return Err(QueryError::Invalid { field: parameter, reason });
    }
    let mut pattern = String::from("(?i)^(?:");
    for character in name.chars() {
        if character.is_ascii_punctuation() {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push_str(")$");
    Pattern::untyped(&pattern)
        .map_err(|error| QueryError::Invalid { field: parameter, reason: error.to_string() })
}
