//! The search of Jaeger's older API, and the reading of traces for both APIs.

use std::time::Duration;

use coral_query::span_search::{FoundTrace, FoundTraces, SpanSearch, SpanTag};
use coral_query::{Budget, QueryError, Sources};
use coral_server::audit::AuditDetails;
use coral_trace::{Span, TimeRange, TraceId, UnixNanos};

use super::adjusted::{adjust, warn};
use super::envelope::Refused;
use super::parameters::{Parameters, parse_trace_id};

/// The parameters of a search. `lookback` is for the user interface, which has made `start` of it.
pub(super) const PARAMETERS: [&str; 13] = [
    "service",
    "operation",
    "tag",
    "tags",
    "start",
    "end",
    "minDuration",
    "maxDuration",
    "limit",
    "traceID",
    "lookback",
    "raw",
    "prettyPrint",
];

const MICRO: i64 = 1_000;
const DEFAULT_LIMIT: u32 = 100;
const DEFAULT_LOOKBACK: Duration = Duration::from_secs(2 * 24 * 3_600);
/// The largest number of traces that one request names.
pub(super) const MAX_TRACE_IDS: usize = 1_000;

/// What a search is for.
#[derive(Debug)]
pub(super) enum Wanted {
    /// Traces with these ids, each with its text.
    Ids(Vec<(Option<TraceId>, String)>),
    /// Traces that are searched for.
    Search(SpanSearch),
}

/// Reads the parameters of a search of the older API. `now` is the end if none is given.
///
/// # Errors
/// [`Refused`] names the parameter that is missing or wrong.
pub(super) fn wanted(parameters: &Parameters, now: UnixNanos) -> Result<Wanted, Refused> {
    let start = parameters.instant("start", MICRO)?;
    let end = parameters.instant("end", MICRO)?.unwrap_or(now);
    let start = start.unwrap_or_else(|| now.earlier(DEFAULT_LOOKBACK));
    let tags = tags(parameters)?;
    let limit = parameters.number("limit")?.map_or(Ok(DEFAULT_LIMIT), checked_limit)?;
    let min_duration = parameters.duration("minDuration")?;
    let max_duration = parameters.duration("maxDuration")?;
    let ids: Vec<_> = parameters.all("traceID").map(trace_id).collect::<Result<_, _>>()?;
    parameters.truth("raw")?;
    if ids.len() > MAX_TRACE_IDS {
        let count = ids.len();
        return Err(Refused::invalid(format!("{count} traceIDs are more than {MAX_TRACE_IDS}")));
    }
    if !ids.is_empty() {
        return Ok(Wanted::Ids(ids));
    }
    let Some(service) = parameters.get("service") else {
        return Err(Refused::invalid("parameter 'service' is required"));
    };
    let search = SpanSearch {
        service: Some(service.to_owned()),
        name: parameters.get("operation").map(str::to_owned),
        tags,
        started: inclusive(start, end),
        min_duration,
        max_duration,
        limit,
    };
    check(&search)?;
    Ok(Wanted::Search(search))
}

/// The range from `start` to `end`, with `end`.
pub(super) fn inclusive(start: UnixNanos, end: UnixNanos) -> TimeRange {
    TimeRange { start, end: UnixNanos(end.0.saturating_add(1)) }
}

/// Refuses ranges that end before they begin.
///
/// # Errors
/// [`Refused`] in the words of Jaeger.
pub(super) fn check(search: &SpanSearch) -> Result<(), Refused> {
    if search.started.end <= search.started.start {
        return Err(Refused::invalid("start Time Minimum is above Maximum"));
    }
    if let (Some(least), Some(most)) = (search.min_duration, search.max_duration)
        && most < least
    {
        return Err(Refused::invalid("'maxDuration' should be greater than 'minDuration'"));
    }
    Ok(())
}

/// A limit between 1 and the largest.
///
/// # Errors
/// [`Refused`].
pub(super) fn checked_limit(number: i64) -> Result<u32, Refused> {
    let limit =
        u32::try_from(number).ok().filter(|limit| (1..=SpanSearch::MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| {
        let most = SpanSearch::MAX_LIMIT;
        Refused::invalid(format!("search depth must be greater than 0 and not more than {most}"))
    })
}

fn trace_id(text: &str) -> Result<(Option<TraceId>, String), Refused> {
    let id = parse_trace_id(text);
    let id =
        id.map_err(|reason| Refused::invalid(format!("cannot parse traceID param: {reason}")))?;
    Ok((id, text.to_owned()))
}

fn tags(parameters: &Parameters) -> Result<Vec<SpanTag>, Refused> {
    let mut tags = Vec::new();
    for text in parameters.all("tag") {
        let Some((key, value)) = text.split_once(':') else {
            let received = super::parameters::shortened(text);
            let reason = "malformed 'tag' parameter, expecting key:value, received:";
            return Err(Refused::invalid(format!("{reason} {received}")));
        };
        put(&mut tags, key, value);
    }
    for text in parameters.all("tags").filter(|text| !text.is_empty()) {
        for (key, value) in json_tags(text, "malformed 'tags' parameter, cannot unmarshal JSON")? {
            put(&mut tags, &key, &value);
        }
    }
    Ok(tags)
}

/// The tags of a JSON object whose values are texts.
///
/// # Errors
/// [`Refused`] begins with `what`.
pub(super) fn json_tags(text: &str, what: &str) -> Result<Vec<(String, String)>, Refused> {
    let parsed: Result<Option<std::collections::BTreeMap<String, String>>, _> =
        serde_json::from_str(text);
    let parsed = parsed.map_err(|error| {
        Refused::invalid(format!("{what}: {error}; it is an object whose values are texts"))
    })?;
    Ok(parsed.unwrap_or_default().into_iter().collect())
}

/// Adds a tag, in the place of one with the same key.
pub(super) fn put(tags: &mut Vec<SpanTag>, key: &str, value: &str) {
    tags.retain(|tag| tag.key != key);
    tags.push(SpanTag { key: key.to_owned(), value: value.to_owned() });
}

/// What the audit log records of a search.
pub(super) fn audit_details(search: &SpanSearch) -> AuditDetails {
    let tags = search.tags.iter().map(|tag| format!("{}={}", tag.key, tag.value));
    let name = search.name.iter().map(|name| format!("operation={name}"));
    let least = search.min_duration.iter().map(|least| format!("minDuration={least:?}"));
    let most = search.max_duration.iter().map(|most| format!("maxDuration={most:?}"));
    AuditDetails {
        services: search.service.iter().cloned().collect(),
        since: Some(search.started.start),
        until: Some(search.started.end),
        filters: tags.chain(name).chain(least).chain(most).collect(),
        ..AuditDetails::default()
    }
}

/// The whole traces that `search` finds, adjusted unless they are to be raw.
///
/// # Errors
/// [`QueryError`].
pub(super) fn found(
    search: &SpanSearch,
    is_raw: bool,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<FoundTraces, QueryError> {
    let outlines = search.find(from, budget)?;
    let ids: Vec<TraceId> = outlines.iter().map(|trace| trace.trace_id).collect();
    let mut found = FoundTraces::read(&ids, from, budget)?;
    if !is_raw {
        found.traces.iter_mut().for_each(|trace| adjust(&mut trace.spans));
    }
    Ok(found)
}

/// One whole trace, adjusted unless it is to be raw.
///
/// # Errors
/// [`QueryError`].
pub(super) fn one(
    trace: TraceId,
    is_raw: bool,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<Option<FoundTrace>, QueryError> {
    let mut found = FoundTraces::one(trace, from, budget)?;
    if let Some(found) = found.as_mut().filter(|_| !is_raw) {
        adjust(&mut found.spans);
    }
    Ok(found)
}

/// What to say about a trace that is not whole in the answer.
pub(super) fn warnings(trace: &FoundTrace) -> Vec<String> {
    let left_out = trace.spans_left_out;
    let some = (left_out > 0).then(|| {
        format!("{left_out} spans with the latest start times are left out: an answer has a limit")
    });
    some.into_iter().collect()
}

/// The spans of `trace`. If some are left out, the first one has a warning that says so.
pub(super) fn spans(mut trace: FoundTrace) -> Vec<Span> {
    for warning in warnings(&trace) {
        if let Some(first) = trace.spans.first_mut() {
            warn(first, warning);
        }
    }
    trace.spans
}
