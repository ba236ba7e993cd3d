//! Errors as Zipkin's server sends them: a status and text.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::answering::NotAnswered;

/// Why a request has no answer.
pub(super) enum Refused {
    /// The request is not valid, or asks for what is not stored.
    Request(StatusCode, String),
    /// The question was not answered.
    Question(NotAnswered),
}

impl Refused {
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self::Request(StatusCode::BAD_REQUEST, reason.into())
    }

    pub fn not_found(reason: impl Into<String>) -> Self {
        Self::Request(StatusCode::NOT_FOUND, reason.into())
    }
}

impl From<NotAnswered> for Refused {
    fn from(error: NotAnswered) -> Self {
        Self::Question(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Request(status, reason) => text(status, &reason, None),
            Self::Question(error) => {
                let (status, message, hint) = (error.status(), error.message(), error.hint());
                let mut response = text(status, &message, hint);
                // The time after which to ask again.
                let headers = error.into_response().headers_mut().remove(header::RETRY_AFTER);
                if let Some(retry_after) = headers {
                    response.headers_mut().insert(header::RETRY_AFTER, retry_after);
                }
                response
            }
        }
    }
}

/// An error of one line, and a line with the next step.
pub(super) fn text(status: StatusCode, error: &str, hint: Option<&str>) -> Response {
    let hint = hint.map(|hint| format!("hint: {hint}\n")).unwrap_or_default();
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    (status, [(header::CONTENT_TYPE, kind)], format!("{error}\n{hint}")).into_response()
}
