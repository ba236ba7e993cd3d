//! Errors as the HTTP surfaces answer them: JSON with one line and a hint.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An error as JSON.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ApiError {
    /// What failed and with what: one line, lower case, no full stop.
    pub error: String,
    /// The next step of the person who asked, when the server knows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// The response of that status whose body is an [`ApiError`].
pub fn refusal(status: StatusCode, error: impl Into<String>, hint: Option<&str>) -> Response {
    let hint = hint.map(str::to_owned);
    (status, Json(ApiError { error: error.into(), hint })).into_response()
}
