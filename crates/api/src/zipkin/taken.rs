//! `POST /api/v2/spans`: where spans are taken.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use super::refused::text;

/// An error that names the place: a colony receives spans from agents only.
pub(super) async fn elsewhere() -> Response {
    let hint = "set the reporter to http://HOST:4318/api/v2/spans, where HOST runs `coral agent` or \
                `coral standalone` and 4318 is the port of otlp.http";
    let error = "a colony takes no spans; an agent takes them at its OTLP/HTTP port";
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, error, Some(hint));
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}
