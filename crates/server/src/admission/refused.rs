//! The answer to a question that is not admitted.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::refusal::refusal;

/// Why a question was not admitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAdmitted {
    /// Too many questions of one identity wait.
    #[error("{waiting} questions from this address are already waiting")]
    TooManyOfOne {
        /// Waiting questions of the identity.
        waiting: usize,
    },
    /// Too many questions of all identities wait.
    #[error("{waiting} questions are already waiting")]
    TooMany {
        /// Waiting questions of all identities.
        waiting: usize,
    },
    /// The question waited for too long.
    #[error("the question waited {after:?} for other questions to end")]
    TimedOut {
        /// Time that the question waited.
        after: Duration,
    },
}

/// Value of `Retry-After`, in seconds: about the time that a few questions take.
const RETRY_AFTER_SECONDS: u64 = 2;

impl NotAdmitted {
    /// 429 when the identity asks too much, 503 when the server is busy with other identities.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::TooManyOfOne { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::TooMany { .. } | Self::TimedOut { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Next step for the person who asked.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::TooManyOfOne { .. } => "wait for the answers before you ask further questions",
            Self::TooMany { .. } | Self::TimedOut { .. } => "ask again in a moment",
        }
    }
}

impl IntoResponse for NotAdmitted {
    fn into_response(self) -> Response {
        let mut response = refusal(self.status(), self.to_string(), Some(self.hint()));
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS.into());
        response
    }
}
