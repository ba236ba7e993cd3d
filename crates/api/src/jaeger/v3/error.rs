//! Errors of `api_v3` over HTTP.

use axum::response::{IntoResponse as _, Response};
use coral_server::audit::AuditDetails;
use http::header;
use serde_json::json;

use crate::jaeger::envelope::Refused;

/// The response with the JSON of an answer, or of an error, and what the audit log records.
pub(super) fn respond(answer: Result<Vec<u8>, Refused>, details: AuditDetails) -> Response {
    let mut response = match answer {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(refused) => {
            let (code, message) = (refused.status().as_u16(), refused.message());
            let error = json!({ "error": { "httpCode": code, "message": message } });
            refused.with_headers(error.to_string().into_bytes())
        }
    };
    response.extensions_mut().insert(details);
    response
}
