//! `jaeger.api_v3` over HTTP: traces in OTLP's JSON.

mod error;
mod parameters;
mod summaries;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use coral_query::span_search::{FoundTrace, SpanSearch, TraceNumbers};
use coral_query::{Budget, Sources};
use coral_server::audit::AuditDetails;
use coral_trace::{Span, TimeRange};
use coral_wire::otlp_out;
use http::{Extensions, HeaderValue, StatusCode, header};
use serde_json::json;

use self::error::respond;
use super::dependencies::links;
use super::envelope::Refused;
use super::legacy::asked;
use super::operations::{all_operations, all_services};
use super::parameters::{OnePath, Parameters, of_path};
use super::search;
use crate::answering::Answering;

/// The message of an answer without traces, in Jaeger's words.
pub(super) const NO_TRACES: &str = "No traces found";

/// `POST` of a search: the parameters of the URL are all that is read.
pub(super) async fn no_post() -> Response {
    let reason = "POST is not supported: ask with GET, and query.* as parameters of the URL";
    let refused = Refused::Request(StatusCode::METHOD_NOT_ALLOWED, reason.to_owned());
    let mut response = respond(Err(refused), AuditDetails::default());
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

/// `GET /api/v3/services`.
pub(super) async fn services(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
) -> Response {
    let details = AuditDetails::default();
    if let Err(refused) = Parameters::parse(query.as_deref(), &[]) {
        return respond(Err(refused), details);
    }
    let rows = details.rows.clone();
    let work = move |sources: &Sources<'_>, budget: &Budget| {
        let services = all_services(sources, budget)?;
        rows.add(services.len() as u64);
        Ok(Ok(json!({ "services": services }).to_string().into_bytes()))
    };
    respond(asked(&answering, &extensions, work).await, details)
}

/// `GET /api/v3/operations`.
pub(super) async fn operations(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
) -> Response {
    let parameters = Parameters::parse(query.as_deref(), &["service", "spanKind", "span_kind"]);
    let read = parameters.and_then(|parameters| {
        let kind = parameters.first_of(&["spanKind", "span_kind"]).map_or("", |(_, kind)| kind);
        match parameters.get("service") {
            Some(service) => Ok((service.to_owned(), kind.to_owned())),
            None => Err(Refused::invalid("missing required parameter: service")),
        }
    });
    let (service, kind) = match read {
        Ok(read) => read,
        Err(refused) => return respond(Err(refused), AuditDetails::default()),
    };
    let details = AuditDetails { services: vec![service.clone()], ..AuditDetails::default() };
    let rows = details.rows.clone();
    let work = move |sources: &Sources<'_>, budget: &Budget| {
        let mut all = all_operations(&service, &kind, sources, budget)?;
        // A span without a kind is internal here.
        all.iter_mut().filter(|one| one.kind.is_empty()).for_each(|one| one.kind = "internal");
        rows.add(all.len() as u64);
        Ok(Ok(json!({ "operations": all }).to_string().into_bytes()))
    };
    respond(asked(&answering, &extensions, work).await, details)
}

/// `GET /api/v3/traces`.
pub(super) async fn traces(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
) -> Response {
    let (search, adjustment) = match parameters::search(query.as_deref()) {
        Ok(read) => read,
        Err(refused) => return respond(Err(refused), AuditDetails::default()),
    };
    let details = search::audit_details(&search);
    let rows = details.rows.clone();
    let work = move |sources: &Sources<'_>, budget: &Budget| {
        let found = search::found(&search, adjustment, sources, budget)?;
        if !found.left_out.is_empty() {
            return Ok(Err(too_much(found.left_out.len())));
        }
        rows.add(found.traces.len() as u64);
        Ok(otlp(found.traces))
    };
    respond(asked(&answering, &extensions, work).await, details)
}

/// `GET /api/v3/traces/{id}`.
pub(super) async fn trace(
    State(answering): State<Answering>,
    path: OnePath,
    RawQuery(query): RawQuery,
    extensions: Extensions,
) -> Response {
    let id = of_path(path);
    let details =
        AuditDetails { trace_ids: id.iter().cloned().collect(), ..AuditDetails::default() };
    let answer = match id.and_then(|id| parameters::by_id(&id, query.as_deref())) {
        Err(refused) => Err(refused),
        Ok((None, _)) => Err(none()),
        Ok((Some(id), adjustment)) => {
            let rows = details.rows.clone();
            let work = move |sources: &Sources<'_>, budget: &Budget| {
                let found = search::one(id, adjustment, sources, budget)?;
                rows.add(found.iter().map(|found| found.spans.len() as u64).sum());
                Ok(otlp(found.into_iter().collect()))
            };
            asked(&answering, &extensions, work).await
        }
    };
    respond(answer, details)
}

/// `GET /api/v3/trace-summaries`.
pub(super) async fn trace_summaries(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
) -> Response {
    let (search, _) = match parameters::search(query.as_deref()) {
        Ok(read) => read,
        Err(refused) => return respond(Err(refused), AuditDetails::default()),
    };
    let details = search::audit_details(&search);
    let rows = details.rows.clone();
    let work = move |sources: &Sources<'_>, budget: &Budget| {
        let numbers = numbers(&search, sources, budget)?;
        rows.add(numbers.len() as u64);
        Ok(Ok(summaries::json(&numbers).to_string().into_bytes()))
    };
    respond(asked(&answering, &extensions, work).await, details)
}

/// `GET /api/v3/dependencies`.
pub(super) async fn dependencies(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
) -> Response {
    let range: TimeRange = match parameters::range(query.as_deref()) {
        Ok(range) => range,
        Err(refused) => return respond(Err(refused), AuditDetails::default()),
    };
    let details = AuditDetails {
        since: Some(range.start),
        until: Some(range.end),
        ..AuditDetails::default()
    };
    let rows = details.rows.clone();
    let work = move |sources: &Sources<'_>, budget: &Budget| {
        let links = links(range, sources, budget)?;
        rows.add(links.len() as u64);
        // Protobuf's JSON has 64-bit integers as text.
        let links = links.iter().map(|link| {
            json!({"parent": link.parent, "child": link.child, "callCount": link.calls.to_string()})
        });
        let links: Vec<_> = links.collect();
        Ok(Ok(json!({ "dependencies": links }).to_string().into_bytes()))
    };
    respond(asked(&answering, &extensions, work).await, details)
}

/// The numbers of the traces that `search` finds.
///
/// # Errors
/// [`coral_query::QueryError`].
pub(super) fn numbers(
    search: &SpanSearch,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<Vec<TraceNumbers>, coral_query::QueryError> {
    let ids: Vec<_> = search.find(from, budget)?.iter().map(|trace| trace.trace_id).collect();
    Ok(TraceNumbers::read(&ids, from, budget)?)
}

/// The refusal of a search that finds more than an answer holds.
pub(super) fn too_much(left_out: usize) -> Refused {
    Refused::Request(
        StatusCode::UNPROCESSABLE_ENTITY,
        format!(
            "{left_out} of the traces do not fit in an answer; ask with a lower query.searchDepth, or for \
             trace-summaries"
        ),
    )
}

fn none() -> Refused {
    Refused::Request(StatusCode::NOT_FOUND, NO_TRACES.to_owned())
}

/// The spans of `traces` as `{"result": TracesData}`.
fn otlp(traces: Vec<FoundTrace>) -> Result<Vec<u8>, Refused> {
    let spans: Vec<Span> = traces.into_iter().flat_map(search::spans).collect();
    if spans.is_empty() {
        return Err(none());
    }
    let mut json = Vec::from(*b"{\"result\":");
    json.extend(otlp_out::encode_json(&spans).into_bytes());
    json.push(b'}');
    Ok(json)
}
