//! JSON form of errors over HTTP: one line and a hint.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An error as JSON.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ApiError {
    /// The error, in one line of lower case without a full stop.
    pub error: String,
    /// The next step for the person who asked; absent when there is no advice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A response with `status` and an [`ApiError`] as its body.
pub fn refusal(status: StatusCode, error: impl Into<String>, hint: Option<&str>) -> Response {
    let hint = hint.map(str::to_owned);
    (status, Json(ApiError { error: error.into(), hint })).into_response()
}
