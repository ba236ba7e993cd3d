//! Traces in the older API: `/api/traces` and `/api/traces/{id}`.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use coral_query::span_search::{FoundTrace, FoundTraces};
use coral_query::{Budget, Sources};
use coral_server::admission::Surface;
use coral_server::audit::AuditDetails;
use coral_server::clock;
use coral_trace::TraceId;
use http::{Extensions, StatusCode};

use super::adjusted::adjust;
use super::envelope::{Envelope, Refused, UiError, json, respond};
use super::parameters::{OnePath, Parameters, of_path, parse_trace_id};
use super::search::{self, PARAMETERS, Wanted};
use super::ui_trace::{UiTrace, id_text};
use crate::answering::{Answering, Asker};

/// The error of a trace that is not stored, in Jaeger's words.
pub(super) const NOT_FOUND: &str = "trace not found";

/// `GET /api/traces`.
pub(super) async fn search(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
) -> Response {
    let read = Parameters::parse(query.as_deref(), &PARAMETERS)
        .and_then(|parameters| Ok((search::wanted(&parameters, clock::now())?, parameters)));
    let (wanted, parameters) = match read {
        Ok(read) => read,
        Err(refused) => return respond(Err(refused), AuditDetails::default()),
    };
    let details = match &wanted {
        Wanted::Search(search) => search::audit_details(search),
        Wanted::Ids(ids) => AuditDetails {
            trace_ids: ids.iter().map(|(_, text)| text.clone()).collect(),
            ..AuditDetails::default()
        },
    };
    let (rows, is_pretty) = (details.rows.clone(), parameters.is_pretty());
    let is_raw = parameters.truth("raw").unwrap_or_default();
    let work = move |sources: &Sources<'_>, budget: &Budget| {
        let (found, errors) = match &wanted {
            Wanted::Search(search) => {
                let found = search::found(search, is_raw, sources, budget)?;
                let errors = found.left_out.iter().map(left_out).collect();
                (found, errors)
            }
            Wanted::Ids(ids) => by_ids(ids, is_raw, sources, budget)?,
        };
        rows.add(found.traces.len() as u64);
        Ok(traces_json(&found.traces, errors, is_pretty))
    };
    respond(asked(&answering, &extensions, work).await, details)
}

/// `GET /api/traces/{id}`.
pub(super) async fn trace(
    State(answering): State<Answering>,
    path: OnePath,
    RawQuery(query): RawQuery,
    extensions: Extensions,
) -> Response {
    let id = of_path(path);
    let details =
        AuditDetails { trace_ids: id.iter().cloned().collect(), ..AuditDetails::default() };
    let read = id.and_then(|id| by_id(&id, query.as_deref()));
    let answer = match read {
        Err(refused) => Err(refused),
        Ok((None, ..)) => Err(Refused::Request(StatusCode::NOT_FOUND, NOT_FOUND.to_owned())),
        Ok((Some(id), is_raw, is_pretty)) => {
            let rows = details.rows.clone();
            let work = move |sources: &Sources<'_>, budget: &Budget| {
                let Some(found) = search::one(id, is_raw, sources, budget)? else {
                    return Ok(Err(Refused::Request(StatusCode::NOT_FOUND, NOT_FOUND.to_owned())));
                };
                rows.add(found.spans.len() as u64);
                Ok(traces_json(&[found], Vec::new(), is_pretty))
            };
            asked(&answering, &extensions, work).await
        }
    };
    respond(answer, details)
}

/// `POST /api/archive/{id}`: a colony has no archive, as a Jaeger where none is configured.
pub(super) async fn archive(path: OnePath, RawQuery(query): RawQuery) -> Response {
    let id = of_path(path);
    let details =
        AuditDetails { trace_ids: id.iter().cloned().collect(), ..AuditDetails::default() };
    let refused = match id.and_then(|id| by_id(&id, query.as_deref())) {
        Err(refused) => refused,
        Ok(_) => {
            let reason = "archive span storage was not configured";
            Refused::Request(StatusCode::INTERNAL_SERVER_ERROR, reason.to_owned())
        }
    };
    respond(Err(refused), details)
}

/// The trace id, whether the trace is to be raw, and whether the answer is to be indented. `start`
/// and `end` are hints for stores that need them.
fn by_id(id: &str, query: Option<&str>) -> Result<(Option<TraceId>, bool, bool), Refused> {
    let id = parse_trace_id(id).map_err(Refused::invalid)?;
    let parameters = Parameters::parse(query, &["start", "end", "raw", "prettyPrint"])?;
    parameters.instant("start", 1_000)?;
    parameters.instant("end", 1_000)?;
    Ok((id, parameters.truth("raw")?, parameters.is_pretty()))
}

/// Runs `work` after admission, and flattens the two reasons for no answer.
pub(super) async fn asked(
    answering: &Answering,
    extensions: &Extensions,
    work: impl FnOnce(
        &Sources<'_>,
        &Budget,
    ) -> Result<Result<Vec<u8>, Refused>, coral_query::QueryError>
    + Send
    + 'static,
) -> Result<Vec<u8>, Refused> {
    let asker = Asker::of_request(Surface::Jaeger, extensions)?;
    answering.answer(asker, work).await?
}

/// The traces with these ids, and an error for each that is not stored or not in the answer.
fn by_ids(
    ids: &[(Option<TraceId>, String)],
    is_raw: bool,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<(FoundTraces, Vec<UiError>), coral_query::QueryError> {
    let known: Vec<TraceId> = ids.iter().filter_map(|(id, _)| *id).collect();
    let mut found = FoundTraces::read(&known, from, budget)?;
    let is_there = |id: &Option<TraceId>| {
        id.is_some_and(|id| {
            found.traces.iter().any(|trace| trace.trace_id == id) || found.left_out.contains(&id)
        })
    };
    let missing = ids.iter().filter(|(id, _)| !is_there(id)).map(|(id, text)| UiError {
        code: 0,
        msg: NOT_FOUND.to_owned(),
        trace_id: Some(id.map_or_else(|| text.clone(), id_text)),
    });
    let errors = missing.chain(found.left_out.iter().map(left_out)).collect();
    if !is_raw {
        found.traces.iter_mut().for_each(|trace| adjust(&mut trace.spans));
    }
    Ok((found, errors))
}

/// The error about a trace that was found and does not fit in the answer.
fn left_out(id: &TraceId) -> UiError {
    let msg = "the trace is left out: an answer has a limit; ask for it by its id".to_owned();
    UiError { code: 0, msg, trace_id: Some(id_text(*id)) }
}

/// The envelope with `traces`.
pub(super) fn traces_json(
    traces: &[FoundTrace],
    errors: Vec<UiError>,
    is_pretty: bool,
) -> Result<Vec<u8>, Refused> {
    let traces: Vec<UiTrace<'_>> = traces
        .iter()
        .map(|trace| UiTrace { spans: &trace.spans, warnings: search::warnings(trace) })
        .collect();
    let errors = (!errors.is_empty()).then_some(errors);
    let envelope = Envelope { errors, ..Envelope::counted(traces, 0) };
    Ok(json(&envelope, is_pretty)?)
}
