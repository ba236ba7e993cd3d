//! Whole traces, for callers that search instead of polling all spans.

use coral_store::{IndexedQuery, Order, Store, StoredSpan};
use coral_trace::{Collector, TraceId};
use tonic::Status;

use super::page::{ANSWER_BYTES, AnswerSize, encode};
use super::request::TraceSelection;
use super::{Spans, unavailable};

/// The selected traces, each of them whole, newest first; with `selection.span`, that span alone.
/// A trace that does not fit is left out.
///
/// `has_more` is set when a matching trace is left out because of `max_traces`, `max_spans` or the
/// size of a message. If the first trace exceeds `max_spans` or a message, the request is refused,
/// because a part of a trace would look like the whole.
pub(crate) fn answer(
    store: &Store,
    collector: Collector,
    selection: &TraceSelection,
) -> Result<Spans, Status> {
    let (ids, more) = ids(store, collector, selection)?;
    // One span more than allowed is read, to notice traces that are too long.
    let limit = selection.max_spans + 1;
    let stored =
        store.spans_of(&ids, Some(collector), selection.span, limit).map_err(unavailable)?;
    let mut kept: Vec<StoredSpan> = Vec::new();
    let mut left_out = more;
    let mut bytes = 0;
    for trace in by_trace(stored, &ids) {
        let mut size = AnswerSize::new(selection.encoding);
        let size = trace.iter().map(|stored| size.add(&stored.span)).last().unwrap_or(0);
        let spans = kept.len() + trace.len();
        if bytes + size <= ANSWER_BYTES && spans <= selection.max_spans as usize {
            bytes += size;
            kept.extend(trace);
        } else if kept.is_empty() {
            return Err(too_large(&trace, selection.max_spans));
        } else {
            left_out = true;
        }
    }
    let mut spans = encode(kept, selection.encoding);
    let extent = store.extent();
    spans.page.store_id = store.id().to_owned();
    spans.page.next_receipt = extent.last_receipt;
    spans.page.last_receipt = extent.last_receipt;
    spans.page.first_receipt = extent.first_receipt;
    spans.page.has_more = left_out;
    Ok(spans)
}

/// The ids of the selected traces, newest first, and whether more traces match.
fn ids(
    store: &Store,
    collector: Collector,
    selection: &TraceSelection,
) -> Result<(Vec<TraceId>, bool), Status> {
    if let Some(trace) = selection.trace {
        return Ok((vec![trace], false));
    }
    if selection.span.is_some() {
        return Err(Status::invalid_argument("span_id: can only be used together with trace_id"));
    }
    let query = IndexedQuery {
        started: selection.started,
        services: selection.services.clone(),
        collector: Some(collector),
        order: Order::Newest,
        ..IndexedQuery::newest(selection.max_traces + 1)
    };
    let found = store.search(&query).map_err(unavailable)?;
    // Traces that do not fit are not read, except for the first, which is then reported as too
    // large.
    let mut spans = 0;
    let fitting = found.iter().take(selection.max_traces as usize).take_while(|trace| {
        let first = spans == 0;
        spans += trace.spans;
        first || spans <= u64::from(selection.max_spans)
    });
    let ids: Vec<TraceId> = fitting.map(|trace| trace.trace_id).collect();
    let more = ids.len() < found.len();
    Ok((ids, more))
}

/// Groups spans by trace, in the order of `ids`.
fn by_trace(mut stored: Vec<StoredSpan>, ids: &[TraceId]) -> Vec<Vec<StoredSpan>> {
    let place: std::collections::HashMap<TraceId, usize> =
        ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    stored.sort_by_key(|stored| place.get(&stored.span.trace_id).copied());
    let mut traces: Vec<Vec<StoredSpan>> = Vec::new();
    for span in stored {
        match traces.last_mut() {
            Some(trace) if trace[0].span.trace_id == span.span.trace_id => trace.push(span),
            _ => traces.push(vec![span]),
        }
    }
    traces
}

/// The error for a trace that does not fit into an answer alone. `trace` has at most one span more
/// than `max_spans`, because no more were read.
fn too_large(trace: &[StoredSpan], max_spans: u32) -> Status {
    let n_spans = trace.len();
    let id = trace.first().map(|stored| stored.span.trace_id.to_string()).unwrap_or_default();
    let excess = match n_spans > max_spans as usize {
        true => format!("more than max_spans ({max_spans}) spans"),
        false => format!("{n_spans} spans, more than an answer of {ANSWER_BYTES} bytes takes"),
    };
    Status::resource_exhausted(format!(
        "trace {id} has {excess}; page through all spans with after_receipt, or ask for one by span_id"
    ))
}
