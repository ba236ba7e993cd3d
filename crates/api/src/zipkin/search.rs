//! `GET /api/v2/traces`.

use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use coral_query::QueryError;
use coral_query::service_search::ServiceSearch;
use coral_query::span_search::FoundTraces;
use coral_server::audit::AuditDetails;
use coral_server::clock;
use coral_trace::UnixNanos;
use coral_wire::zipkin_out;

use super::parameters::Parameters;
use super::refused::Refused;
use super::{Answer, Caller, annotation_query, answer};
use crate::answering::Answering;

const PARAMETERS: [&str; 9] = [
    "serviceName",
    "spanName",
    "remoteServiceName",
    "annotationQuery",
    "minDuration",
    "maxDuration",
    "endTs",
    "lookback",
    "limit",
];
const DEFAULT_LIMIT: u64 = 10;

/// The newest traces that meet all conditions, whole, newest first.
pub(super) async fn traces(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    caller: Caller,
) -> Result<Response, Refused> {
    let parameters = Parameters::read(query.as_deref(), &PARAMETERS)?;
    let search = search(&parameters, clock::now())?;
    let details = details(&search, &parameters);
    let traces = answer(&answering, caller, "traces", details, move |sources, budget| {
        let ids = search.find(sources, budget)?;
        let found = FoundTraces::read(&ids, sources, budget)?;
        if !found.left_out.is_empty() {
            return Err(too_large(found.traces.len()));
        }
        let traces: Vec<_> = found.traces.into_iter().map(|trace| trace.spans).collect();
        Ok(Answer { json: zipkin_out::encode_traces(&traces), rows: traces.len() })
    });
    Ok(traces.await)
}

fn search(parameters: &Parameters, now: UnixNanos) -> Result<ServiceSearch, Refused> {
    let text = |name| parameters.text(name).map(str::to_owned);
    let min_duration = parameters.number("minDuration")?.map(Duration::from_micros);
    let max_duration = parameters.number("maxDuration")?.map(Duration::from_micros);
    match (min_duration, max_duration) {
        (None, Some(_)) => {
            return Err(Refused::invalid("maxDuration is only valid with minDuration"));
        }
        (Some(least), Some(most)) if most < least => {
            return Err(Refused::invalid("maxDuration < minDuration"));
        }
        _ => {}
    }
    let limit = parameters.number("limit")?.unwrap_or(DEFAULT_LIMIT);
    Ok(ServiceSearch {
        service: text("serviceName"),
        // Zipkin's older page sends `all` for no name.
        span_name: text("spanName").filter(|name| !name.eq_ignore_ascii_case("all")),
        remote_service: text("remoteServiceName"),
        annotations: annotation_query::parse(parameters.text("annotationQuery").unwrap_or("")),
        min_duration,
        max_duration,
        started: parameters.range(now)?,
        limit: u32::try_from(limit).unwrap_or(u32::MAX),
    })
}

/// Zipkin's answer has no place for traces that are left out, so there is none.
fn too_large(fitting: usize) -> QueryError {
    let reason = match fitting {
        0 | 1 => "the traces are too large for one answer; ask with limit=1".to_owned(),
        some => format!("only {some} traces fit into one answer; ask with limit={some}"),
    };
    QueryError::Invalid { field: "limit", reason }
}

fn details(search: &ServiceSearch, parameters: &Parameters) -> AuditDetails {
    let of_range = ["serviceName", "endTs", "lookback"];
    let others = parameters.pairs().filter(|(name, _)| !of_range.contains(name));
    AuditDetails {
        services: search.service.iter().cloned().collect(),
        since: Some(search.started.start),
        until: Some(search.started.end),
        filters: others.map(|(name, value)| format!("{name}={value}")).collect(),
        ..AuditDetails::default()
    }
}
