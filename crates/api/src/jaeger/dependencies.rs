//! Which service calls which, in the older API.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use coral_query::{Budget, QueryError, Sources};
use coral_server::audit::AuditDetails;
use coral_server::clock;
use coral_trace::TimeRange;
use coral_trace::dependency::NodeKind;
use http::Extensions;
use serde::Serialize;

use super::envelope::{Envelope, Refused, json, respond};
use super::legacy::asked;
use super::parameters::Parameters;
use super::search::inclusive;
use crate::answering::Answering;

const MILLI: i64 = 1_000_000;
const DEFAULT_LOOKBACK: Duration = Duration::from_secs(24 * 3_600);

/// The calls of one service to another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Link {
    pub(super) parent: String,
    pub(super) child: String,
    #[serde(rename = "callCount")]
    pub(super) calls: u64,
}

/// `GET /api/dependencies`.
pub(super) async fn legacy(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
) -> Response {
    let (range, parameters) = match read(query.as_deref()) {
        Ok(read) => read,
        Err(refused) => return respond(Err(refused), AuditDetails::default()),
    };
    let service = parameters.get("service").map(str::to_owned);
    let details = AuditDetails {
        services: service.iter().cloned().collect(),
        since: Some(range.start),
        until: Some(range.end),
        ..AuditDetails::default()
    };
    let rows = details.rows.clone();
    let work = move |sources: &Sources<'_>, budget: &Budget| {
        let mut links = links(range, sources, budget)?;
        if let Some(service) = service {
            links.retain(|link| link.parent == service || link.child == service);
        }
        rows.add(links.len() as u64);
        Ok(json(&Envelope::counted(links, 0), parameters.is_pretty()).map_err(Refused::from))
    };
    respond(asked(&answering, &extensions, work).await, details)
}

fn read(query: Option<&str>) -> Result<(TimeRange, Parameters), Refused> {
    let parameters = Parameters::parse(query, &["endTs", "lookback", "service", "prettyPrint"])?;
    let end = parameters.instant("endTs", MILLI)?.unwrap_or_else(clock::now);
    let lookback = parameters.millis("lookback", DEFAULT_LOOKBACK)?;
    Ok((inclusive(end.earlier(lookback), end), parameters))
}

/// The calls between two services of the traces that began in `range`, by caller and callee.
///
/// # Errors
/// [`QueryError`].
pub(super) fn links(
    range: TimeRange,
    from: &Sources<'_>,
    budget: &Budget,
) -> Result<Vec<Link>, QueryError> {
    let map = from.traces.dependencies(range, None, budget)?.topology();
    let mut calls = BTreeMap::<(&str, &str), u64>::new();
    for edge in &map.edges {
        let (from, to) = (&map.nodes[edge.from], &map.nodes[edge.to]);
        if from.kind == NodeKind::Service && to.kind == NodeKind::Service {
            *calls.entry((&from.name, &to.name)).or_default() += edge.calls;
        }
    }
    let link = |((parent, child), calls): ((&str, &str), u64)| Link {
        parent: parent.to_owned(),
        child: child.to_owned(),
        calls,
    };
    Ok(calls.into_iter().map(link).collect())
}
