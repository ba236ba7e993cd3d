//! Errors as Prometheus's API has them.

use axum::response::{IntoResponse, Response};
use coral_query::promql::PromqlError;
use coral_server::door::body::BodyError;
use http::{StatusCode, header};
use serde_json::json;

use crate::answering::NotAnswered;

/// Why there is no answer, and of which type Prometheus says that this is.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl ApiError {
    /// A parameter that is not valid.
    pub fn invalid(parameter: &str, reason: impl std::fmt::Display) -> Self {
        Self::bad_data(format!("invalid parameter \"{parameter}\": {reason}"))
    }

    /// A request that is not valid.
    pub fn bad_data(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, kind: "bad_data", message: message.into() }
    }

    /// A body that was not received.
    pub fn of_body(error: &BodyError) -> Self {
        let status = error.status();
        let kind = if status.is_server_error() { "unavailable" } else { "bad_data" };
        Self { status, kind, message: error.to_string() }
    }

    /// A request that matches no route. Prometheus has no type for a wrong method.
    pub fn unmatched(status: StatusCode, message: String) -> Self {
        let kind = if status == StatusCode::NOT_FOUND { "not_found" } else { "bad_data" };
        Self { status, kind, message }
    }

    /// The error about the parameter `parameter`, which has an expression.
    pub fn of_expression(parameter: &str, error: &PromqlError) -> Self {
        match error {
            PromqlError::Execution(message) => Self {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                kind: "execution",
                message: message.clone(),
            },
            other => Self::invalid(parameter, other),
        }
    }
}

impl From<NotAnswered> for ApiError {
    fn from(error: NotAnswered) -> Self {
        let (status, kind) = match error.status() {
            StatusCode::BAD_REQUEST | StatusCode::CONFLICT => (StatusCode::BAD_REQUEST, "bad_data"),
            StatusCode::GATEWAY_TIMEOUT => (StatusCode::SERVICE_UNAVAILABLE, "timeout"),
            StatusCode::UNPROCESSABLE_ENTITY => (StatusCode::UNPROCESSABLE_ENTITY, "execution"),
            StatusCode::INTERNAL_SERVER_ERROR => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
            other => (other, "unavailable"),
        };
        let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
        Self { status, kind, message: format!("{}{hint}", error.message()) }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self { status, kind, message } = self;
        let body = json!({"status": "error", "errorType": kind, "error": message});
        (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
    }
}
