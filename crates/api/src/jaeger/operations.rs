//! Services and their operations in the older API.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use coral_query::{Budget, QueryError, Sources};
use coral_server::audit::AuditDetails;
use coral_trace::{SpanKind, TimeRange};
use http::Extensions;
use serde::Serialize;

use super::envelope::{Envelope, Refused, json, respond};
use super::legacy::asked;
use super::parameters::{OnePath, Parameters, of_path};
use crate::answering::Answering;

/// An operation of a service.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub(super) struct Operation {
    pub(super) name: String,
    /// `server` and so on; empty if spans have none.
    #[serde(rename = "spanKind")]
    pub(super) kind: &'static str,
}

/// `GET /api/services`.
pub(super) async fn services(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
) -> Response {
    let details = AuditDetails::default();
    let parameters = match Parameters::parse(query.as_deref(), &["prettyPrint"]) {
        Ok(parameters) => parameters,
        Err(refused) => return respond(Err(refused), details),
    };
    let rows = details.rows.clone();
    let work = move |sources: &Sources<'_>, budget: &Budget| {
        let services = all_services(sources, budget)?;
        rows.add(services.len() as u64);
        let count = services.len();
        let envelope = Envelope::counted(null_if_empty(services), count);
        Ok(json(&envelope, parameters.is_pretty()).map_err(Refused::from))
    };
    respond(asked(&answering, &extensions, work).await, details)
}

/// `GET /api/services/{service}/operations`: the names.
pub(super) async fn names(
    State(answering): State<Answering>,
    path: OnePath,
    RawQuery(query): RawQuery,
    extensions: Extensions,
) -> Response {
    let read = of_path(path)
        .and_then(|service| Ok((service, Parameters::parse(query.as_deref(), &["prettyPrint"])?)));
    let (service, parameters) = match read {
        Ok(read) => read,
        Err(refused) => return respond(Err(refused), AuditDetails::default()),
    };
    let details = AuditDetails { services: vec![service.clone()], ..AuditDetails::default() };
    let rows = details.rows.clone();
    let work = move |sources: &Sources<'_>, budget: &Budget| {
        let all = all_operations(&service, "", sources, budget)?;
        let mut names: Vec<String> = all.into_iter().map(|operation| operation.name).collect();
        names.dedup();
        rows.add(names.len() as u64);
        let count = names.len();
        let envelope = Envelope::counted(null_if_empty(names), count);
        Ok(json(&envelope, parameters.is_pretty()).map_err(Refused::from))
    };
    respond(asked(&answering, &extensions, work).await, details)
}

/// `GET /api/operations`: names and kinds.
pub(super) async fn operations(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
) -> Response {
    let parsed = Parameters::parse(query.as_deref(), &["service", "spanKind", "prettyPrint"]);
    let read = parsed.and_then(|parameters| match parameters.get("service") {
        Some(service) => Ok((service.to_owned(), parameters)),
        None => Err(Refused::invalid("parameter 'service' is required")),
    });
    let (service, parameters) = match read {
        Ok(read) => read,
        Err(refused) => return respond(Err(refused), AuditDetails::default()),
    };
    let kind = parameters.get("spanKind").unwrap_or_default().to_owned();
    let details = AuditDetails { services: vec![service.clone()], ..AuditDetails::default() };
    let rows = details.rows.clone();
    let work = move |sources: &Sources<'_>, budget: &Budget| {
        let operations = all_operations(&service, &kind, sources, budget)?;
        rows.add(operations.len() as u64);
        let count = operations.len();
        let envelope = Envelope::counted(operations, count);
        Ok(json(&envelope, parameters.is_pretty()).map_err(Refused::from))
    };
    respond(asked(&answering, &extensions, work).await, details)
}

/// Names as Jaeger writes them: none are `null`.
fn null_if_empty(names: Vec<String>) -> Option<Vec<String>> {
    Some(names).filter(|names| !names.is_empty())
}

/// Every stored service, by name.
///
/// # Errors
/// [`QueryError`].
pub(super) fn all_services(from: &Sources<'_>, budget: &Budget) -> Result<Vec<String>, QueryError> {
    Ok(from.traces.services(TimeRange::ALL, budget)?.into_iter().collect())
}

/// Every stored operation of `service` whose spans have the kind `kind` in any case, or any kind if
/// that is empty; by name, then by kind.
///
/// # Errors
/// [`QueryError`].
pub(super) fn all_operations(
    service: &str,
    kind: &str,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<Vec<Operation>, QueryError> {
    let all = from.traces.operations(service, TimeRange::ALL, budget)?;
    let all = all.into_iter().map(|found| Operation {
        name: found.name,
        kind: match found.kind {
            SpanKind::Unspecified => "",
            kind => kind.as_str(),
        },
    });
    let mut all: Vec<Operation> =
        all.filter(|found| kind.is_empty() || found.kind.eq_ignore_ascii_case(kind)).collect();
    all.sort();
    all.dedup();
    Ok(all)
}
