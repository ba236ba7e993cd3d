//! What the person who asked a question hears when the question is not admitted.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::refusal::refusal;

/// Why a question was not admitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAdmitted {
    /// One identity asked too much.
    #[error("{waiting} questions from this address wait already")]
    TooManyOfOne {
        /// Questions of the identity that wait.
        waiting: usize,
    },
    /// All identities together asked too much.
    #[error("{waiting} questions wait already")]
    TooMany {
        /// Questions of all identities that wait.
        waiting: usize,
    },
    /// The turn did not come in time.
    #[error("other questions took longer than {after:?}")]
    TimedOut {
        /// How long the question waited.
        after: Duration,
    },
}

/// When to ask again, in seconds: about as long as a few questions run.
const RETRY_AFTER_SECONDS: u64 = 2;

impl NotAdmitted {
    /// 429 when the identity must ask less, 503 when others keep the server busy.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::TooManyOfOne { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::TooMany { .. } | Self::TimedOut { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::TooManyOfOne { .. } => "wait for answers before asking more",
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
