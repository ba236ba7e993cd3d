//! `GET /api/quality-metrics`: Jaeger's own answer is invented data, so a colony has none.

use axum::extract::RawQuery;
use axum::response::Response;
use coral_server::audit::AuditDetails;
use http::StatusCode;

use super::envelope::{Refused, respond};
use super::parameters::Parameters;

/// 501, with where the quality of traces is told.
pub(super) async fn quality(RawQuery(query): RawQuery) -> Response {
    let refused = match Parameters::parse(query.as_deref(), &["service", "prettyPrint"]) {
        Err(refused) => refused,
        Ok(_) => Refused::Request(
            StatusCode::NOT_IMPLEMENTED,
            "quality metrics are not configured; GET /api/v1/doctor/traces says how whole traces are"
                .to_owned(),
        ),
    };
    respond(Err(refused), AuditDetails::default())
}
