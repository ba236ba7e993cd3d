//! `GET /api/v2/trace/{id}` and `/api/v2/traceMany`.

use axum::extract::{RawPathParams, RawQuery, State};
use axum::response::{IntoResponse, Response};
use coral_query::QueryError;
use coral_query::span_search::{FoundTrace, FoundTraces};
use coral_server::audit::AuditDetails;
use coral_trace::TraceId;
use coral_trace::sanitize::line;
use coral_wire::zipkin_out;
use http::{HeaderName, HeaderValue, header};

use super::parameters::{Parameters, trace_id};
use super::refused::Refused;
use super::{Answer, Caller, answer};
use crate::answering::Answering;
use crate::json::attachment;

/// The largest number of traces in one answer.
const MAX_TRACES: usize = 1_000;
/// Says what a trace lacks: Zipkin's answer has no place for it.
const WARNING: HeaderName = header::WARNING;

/// The spans of one trace by start; 404 if it is not stored. `raw` is accepted, because spans are
/// always as they were sent.
pub(super) async fn one(
    State(answering): State<Answering>,
    segments: RawPathParams,
    RawQuery(query): RawQuery,
    Caller(asker): Caller,
) -> Result<Response, Refused> {
    Parameters::read(query.as_deref(), &["raw"])?;
    let text = segments.iter().next().map(|(_, id)| id.to_owned()).unwrap_or_default();
    let id = trace_id(&text)?;
    let details = details(&[id]);
    let found = answering.answer(asker, move |sources, budget| {
        let found = FoundTraces::one(id, sources, budget)?;
        Ok(found.map(|trace| (zipkin_out::encode(&trace.spans), counts(&trace))))
    });
    let mut response = match found.await {
        Ok(Some((json, (spans, left_out)))) => {
            details.rows.add(spans);
            let mut response = (attachment("zipkin-trace"), json).into_response();
            if left_out > 0 {
                let warning = format!("199 - \"{left_out} later spans are left out\"");
                let warning = HeaderValue::from_str(&warning).expect("a number and ASCII");
                response.headers_mut().insert(WARNING, warning);
            }
            response
        }
        Ok(None) => Refused::not_found(format!("{} not found", line(&text))).into_response(),
        Err(error) => Refused::from(error).into_response(),
    };
    response.extensions_mut().insert(details);
    Ok(response)
}

fn counts(trace: &FoundTrace) -> (u64, u64) {
    (trace.spans.len() as u64, trace.spans_left_out)
}

/// The traces of at least two ids, separated by commas. One that is not stored is left out.
pub(super) async fn many(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    caller: Caller,
) -> Result<Response, Refused> {
    let parameters = Parameters::read(query.as_deref(), &["traceIds"])?;
    let ids = ids(parameters.required("traceIds")?)?;
    let details = details(&ids);
    let traces = answer(&answering, caller, "traces", details, move |sources, budget| {
        let found = FoundTraces::read(&ids, sources, budget)?;
        if !found.left_out.is_empty() {
            let reason = "the traces are too large for one answer; ask for fewer".to_owned();
            return Err(QueryError::Invalid { field: "traceIds", reason });
        }
        let traces: Vec<_> = found.traces.into_iter().map(|trace| trace.spans).collect();
        Ok(Answer { json: zipkin_out::encode_traces(&traces), rows: traces.len() })
    });
    Ok(traces.await)
}

fn ids(text: &str) -> Result<Vec<TraceId>, Refused> {
    let mut ids: Vec<TraceId> = Vec::new();
    for part in text.split(',') {
        let id = trace_id(part)?;
        if ids.contains(&id) {
            return Err(Refused::invalid(format!("traceIds: {id} is repeated")));
        }
        if ids.len() == MAX_TRACES {
            return Err(Refused::invalid(format!("traceIds: more than {MAX_TRACES} ids")));
        }
        ids.push(id);
    }
    match ids.len() {
        1 => Err(Refused::invalid("traceIds: one id; ask for /api/v2/trace/{id}")),
        _ => Ok(ids),
    }
}

fn details(ids: &[TraceId]) -> AuditDetails {
    let trace_ids = ids.iter().map(TraceId::to_string).collect();
    AuditDetails { trace_ids, ..AuditDetails::default() }
}
