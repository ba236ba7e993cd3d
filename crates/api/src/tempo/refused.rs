//! An answer that is an error, as Tempo writes it: a line of text.

use std::fmt::Display;

use axum::response::{IntoResponse, Response};
use coral_query::QueryError;
use http::{StatusCode, header};

use crate::answering::NotAnswered;

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Refused {
    pub status: StatusCode,
    /// What is wrong, and the next step if there is one.
    pub message: String,
}

impl Refused {
    /// A request that is wrong.
    pub(super) fn invalid(message: impl Display) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.to_string() }
    }

    /// A trace that is not stored.
    pub(super) fn no_trace() -> Self {
        Self { status: StatusCode::NOT_FOUND, message: "trace not found".to_owned() }
    }
}

impl From<NotAnswered> for Refused {
    fn from(error: NotAnswered) -> Self {
        Self::of(&error, "invalid TraceQL query")
    }
}

impl Refused {
    /// The refusal of a question. The reason why its query is wrong follows `prefix`.
    pub(super) fn of(error: &NotAnswered, prefix: &str) -> Self {
        let status = error.status();
        let message = match error {
            NotAnswered::Query(QueryError::Invalid { field: "q", reason }) => {
                format!("{prefix}: {reason}")
            }
            NotAnswered::Query(QueryError::Invalid { field: "tag", reason }) => {
                format!("please provide a valid tagName: {reason}")
            }
            NotAnswered::Query(QueryError::Invalid { field, reason }) => {
                format!("invalid {field}: {reason}")
            }
            other => other.message(),
        };
        match error.hint() {
            Some(hint) => Self { status, message: format!("{message}; {hint}") },
            None => Self { status, message },
        }
    }
}

/// How long a client waits that asked too much, in seconds.
const RETRY_AFTER: u64 = 2;

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let is_busy =
            matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        let mut response = (self.status, self.message).into_response();
        if is_busy {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER.into());
        }
        response
    }
}
