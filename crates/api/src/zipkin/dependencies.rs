//! `GET /api/v2/dependencies`.

use std::collections::BTreeMap;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use coral_query::answer::TopologyEdge;
use coral_query::{Ask, TopologyQuestion};
use coral_server::audit::AuditDetails;
use coral_server::clock;
use serde::Serialize;

use super::parameters::Parameters;
use super::refused::Refused;
use super::{Answer, Caller, answer};
use crate::answering::Answering;

/// Calls of one service to another.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    parent: String,
    child: String,
    call_count: u64,
    #[serde(skip_serializing_if = "is_zero")]
    error_count: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Which service calls which in the traces that started in a range. The range's end is required.
pub(super) async fn dependencies(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    caller: Caller,
) -> Result<Response, Refused> {
    let parameters = Parameters::read(query.as_deref(), &["endTs", "lookback"])?;
    parameters.required("endTs")?;
    let range = parameters.range(clock::now())?;
    let details = AuditDetails {
        since: Some(range.start),
        until: Some(range.end),
        ..AuditDetails::default()
    };
    let links = answer(&answering, caller, "dependencies", details, move |sources, budget| {
        let question = TopologyQuestion {
            since_unix_us: range.start.as_micros(),
            until_unix_us: range.end.as_micros(),
            ..TopologyQuestion::default()
        };
        let links = links(question.answer(sources, budget)?.edges);
        let json = serde_json::to_string(&links).expect("texts and numbers have a JSON form");
        Ok(Answer { json, rows: links.len() })
    });
    Ok(links.await)
}

/// One link for the edges of all protocols between two nodes.
fn links(edges: Vec<TopologyEdge>) -> Vec<Link> {
    let mut links: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    for edge in edges {
        let (calls, errors) = links.entry((edge.from, edge.to)).or_default();
        *calls += edge.calls;
        *errors += edge.errors;
    }
    let link = |((parent, child), (call_count, error_count))| Link {
        parent,
        child,
        call_count,
        error_count,
    };
    links.into_iter().map(link).collect()
}
