//! A trace by its id, in both versions of Tempo's API.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use coral_query::{Ask as _, Budget, QueryError, Source, Sources, TraceQuestion};
use coral_server::admission::Surface;
use coral_server::audit::{AuditDetails, RowCount};
use coral_trace::{InvalidId, Span, TraceId};
use coral_wire::{otlp_out, tempo_rpc};
use http::{Extensions, HeaderMap, StatusCode};
use serde_json::json;

use super::form::{self, Form, JSON, LLM_JSON, PROTOBUF};
use super::parameters::Parameters;
use super::refused::Refused;
use super::trace_llm;
use crate::answering::{Answering, Asker};

/// The path of a trace in the first version, which is Jaeger's too.
pub(super) const V1_PATH: &str = "/api/traces/{id}";

const KNOWN: &[&str] = &["start", "end", "mode"];
/// Parameters of a trace that is filtered or pruned, or read from a part of Tempo's blocks.
const FILTERS: &[&str] = &[
    "blockStart",
    "blockEnd",
    "q",
    "keep_hierarchy",
    "match_depth",
    "ancestor_depth",
    "span_pruning",
    "span_pruning_min_spans",
    "span_pruning_group_by",
];

/// A whole trace, or as much of it as an answer may have.
#[derive(Default)]
struct Found {
    spans: Vec<Span>,
    /// That spans are left out for their number; `None` if none are.
    cut: Option<String>,
    /// That spans are left out because the caller may not see them; `None` if none are.
    hidden: Option<String>,
}

/// `GET /api/traces/{id}`: the trace alone. It cannot say that spans are left out for their number,
/// so such a trace is refused.
pub(super) async fn v1(
    State(answering): State<Answering>,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let form = Form::of(&headers);
    let id = checked(id, query.as_deref());
    respond(&answering, &extensions, id, None, move |found| match (&found.cut, form) {
        (Some(reason), _) => Err(Refused {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            message: format!("{reason}; GET /tempo/api/v2/traces/{{id}} answers the others"),
        }),
        (None, Form::Protobuf) => Ok((PROTOBUF, otlp_out::encode(&found.spans))),
        (None, _) => Ok((JSON, otlp_out::encode_protobuf_json(&found.spans, "batches").into())),
    })
    .await
}

/// `GET /api/v2/traces/{id}`: the trace, and whether spans are left out. As in Tempo, a trace that is
/// not stored is an empty one.
pub(super) async fn v2(
    State(answering): State<Answering>,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let form = Form::of(&headers);
    let id = checked(id, query.as_deref());
    respond(&answering, &extensions, id, Some(Found::default()), move |found| {
        let Found { spans, cut, hidden } = found;
        let partial = [cut, hidden].into_iter().flatten().reduce(|one, next| one + "; " + &next);
        let spans = &*spans;
        Ok(match form {
            Form::Protobuf => (PROTOBUF, tempo_rpc::trace_by_id(spans, partial.as_deref())),
            Form::Llm => (LLM_JSON, trace_llm::answer(spans).to_string().into_bytes()),
            Form::Json => {
                let trace = match spans {
                    [] => "{}".to_owned(),
                    spans => otlp_out::encode_protobuf_json(spans, "resourceSpans"),
                };
                (JSON, v2_json(&trace, partial.as_deref()).into_bytes())
            }
        })
    })
    .await
}

/// A `TraceByIDResponse` with the JSON of its trace.
fn v2_json(trace: &str, partial: Option<&str>) -> String {
    match partial {
        None => format!(r#"{{"trace":{trace},"metrics":{{}}}}"#),
        Some(reason) => {
            let reason = json!(reason);
            format!(r#"{{"trace":{trace},"metrics":{{}},"status":"PARTIAL","message":{reason}}}"#)
        }
    }
}

/// Answers with what `write` makes of the trace, or of `none` if it is not stored.
async fn respond(
    answering: &Answering,
    extensions: &Extensions,
    id: Result<Option<TraceId>, Refused>,
    none: Option<Found>,
    write: impl FnOnce(Found) -> Result<(&'static str, Vec<u8>), Refused> + Send + 'static,
) -> Response {
    let id = match id {
        Ok(id) => id,
        Err(refused) => return refused.into_response(),
    };
    let rows = RowCount::default();
    let details = AuditDetails {
        trace_ids: id.iter().map(ToString::to_string).collect(),
        rows: rows.clone(),
        ..AuditDetails::default()
    };
    let work = move |sources: &Sources<'_>, budget: &Budget| {
        let found = match id {
            Some(id) => found(id, sources, budget)?,
            None => None,
        };
        let Some(found) = found.or(none) else { return Ok(Err(Refused::no_trace())) };
        rows.add(found.spans.len() as u64);
        Ok(write(found))
    };
    let answer = match Asker::of_request(Surface::Tempo, extensions) {
        Ok(asker) => answering.answer(asker, work).await,
        Err(error) => Err(error),
    };
    let mut response = match answer.map_err(Refused::from).and_then(|answer| answer) {
        Ok((kind, bytes)) => (form::headers(kind), bytes).into_response(),
        Err(refused) => refused.into_response(),
    };
    response.extensions_mut().insert(details);
    response
}

fn found(id: TraceId, sources: &Sources<'_>, budget: &Budget) -> Result<Option<Found>, QueryError> {
    let question = TraceQuestion { id: id.into(), source: Source::All, examine: false };
    let trace = question.answer(sources, budget)?;
    if trace.spans.is_empty() {
        return Ok(None);
    }
    let of = trace.span_count;
    let returned = trace.spans.len();
    let cut = (trace.spans_left_out > 0).then(|| {
        format!("Trace exceeds the size of an answer, {returned} of its {of} spans are returned")
    });
    let hidden = (trace.redacted > 0).then(|| {
        format!("{} spans of services that the token does not name are left out", trace.redacted)
    });
    Ok(Some(Found { spans: trace.spans.into_iter().map(|one| one.span).collect(), cut, hidden }))
}

/// The id in the path, after a check of the parameters; `None` for the id of no trace.
///
/// A time range is checked and not used: the trace is found by its id alone, at any time.
fn checked(
    id: Result<Path<String>, PathRejection>,
    query: Option<&str>,
) -> Result<Option<TraceId>, Refused> {
    let Path(id) = id.map_err(|error| Refused::invalid(error.body_text()))?;
    let id = trace_id(&id)?;
    let parameters = Parameters::of(query, &[KNOWN, FILTERS].concat())?;
    parameters.range()?;
    parameters.refuse(FILTERS, "a colony returns the whole trace")?;
    if let Some(mode) = parameters.text("mode").filter(|mode| *mode != "all") {
        return Err(Refused::invalid(format!(
            "invalid value for mode {mode}: a colony knows `all`"
        )));
    }
    Ok(id)
}

/// The trace with an id of at most 32 hex digits in any case, with or without leading zeros; `None`
/// if all digits are zero.
pub(super) fn trace_id(text: &str) -> Result<Option<TraceId>, Refused> {
    let digits = || text.chars().zip(1..);
    if let Some((wrong, at)) = digits().find(|(c, _)| !c.is_ascii_hexdigit()) {
        let message = "trace IDs can only contain hex characters: invalid character";
        return Err(Refused::invalid(format!("{message} '{wrong}' at position {at}")));
    }
    if text.len() > 32 {
        return Err(Refused::invalid("trace IDs can't be larger than 128 bits"));
    }
    match format!("{text:0>32}").parse() {
        Ok(id) => Ok(Some(id)),
        Err(InvalidId::Zero) => Ok(None),
        Err(error) => Err(Refused::invalid(error)),
    }
}
