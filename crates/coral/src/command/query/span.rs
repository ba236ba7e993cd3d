//! `coral query beyla traces --span`: one span of a trace.

use super::super::Failure;
use crate::args::TraceFormat;
use coral_query::answer::{ServiceInstance, Trace, TraceSpan};
use coral_trace::sanitize::line;
use coral_trace::units::{TimeZone, counted};

/// The largest number of spans that an error lists.
const MAX_LISTED: usize = 5;

/// Prints the span of `trace` whose id begins with `prefix`.
pub(super) fn one(
    mut trace: Trace,
    prefix: &str,
    format: Option<TraceFormat>,
    zone: &TimeZone,
) -> Result<(), Failure> {
    let format = format.unwrap_or(TraceFormat::Spans);
    let is_possible = matches!(
        format,
        TraceFormat::Spans | TraceFormat::Table | TraceFormat::Json | TraceFormat::Csv
    );
    if !is_possible {
        return Err(Failure::with_hint(
            "this format shows a whole trace",
            "with --span, --format is spans, table, json or csv",
        ));
    }
    trace.spans = found(&trace.spans, prefix)?;
    trace.instances = ServiceInstance::of_spans(trace.spans.iter().map(|one| &one.span));
    super::one(&trace, Some(format), zone)
}

/// The spans whose id begins with `prefix`: one, or several that share an id.
fn found(spans: &[TraceSpan], prefix: &str) -> Result<Vec<TraceSpan>, Failure> {
    let begins = |one: &&TraceSpan| one.span.span_id.to_string().starts_with(prefix);
    let found: Vec<&TraceSpan> = spans.iter().filter(begins).collect();
    let Some(first) = found.first() else {
        let error = format!("no span of this trace has an id that begins with `{prefix}`");
        let nearest = listed(&nearest(spans, prefix));
        let hint = format!("the most similar are {nearest}; --format table lists all");
        return Err(Failure::with_hint(error, hint));
    };
    if found.iter().all(|one| one.span.span_id == first.span.span_id) {
        return Ok(found.into_iter().cloned().collect());
    }
    let number = counted(found.len() as u64, "span");
    Err(Failure::with_hint(
        format!("`{prefix}` is the beginning of {number}: {}", listed(&found)),
        "add digits",
    ))
}

/// The spans whose ids share the longest beginning with `prefix`.
fn nearest<'a>(spans: &'a [TraceSpan], prefix: &str) -> Vec<&'a TraceSpan> {
    let shared = |one: &TraceSpan| {
        let id = one.span.span_id.to_string();
        id.chars().zip(prefix.chars()).take_while(|(one, other)| one == other).count()
    };
    let longest = spans.iter().map(shared).max().unwrap_or(0);
    spans.iter().filter(|one| shared(one) == longest).collect()
}

/// `00f067aa0ba902b7 (payments-api: POST /charge), …`, at most five.
fn listed(spans: &[&TraceSpan]) -> String {
    let words = |one: &&TraceSpan| {
        let span = &one.span;
        let (service, name) = (line(span.origin.service_name()), line(&span.name));
        format!("{} ({service}: {name})", span.span_id)
    };
    let rest = spans.len().saturating_sub(MAX_LISTED);
    let more = (rest > 0).then(|| format!("{rest} more"));
    spans.iter().take(MAX_LISTED).map(words).chain(more).collect::<Vec<_>>().join(", ")
}
