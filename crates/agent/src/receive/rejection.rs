//! Why a request is not answered with success, and what that is called in each protocol.

use std::error::Error;
use std::io;
use std::time::Duration;

use axum::http::StatusCode;
use coral_wire::otlp_in::DecodeError;
use tonic::Code;

use super::coding::Coding;
use crate::counters::End;
use crate::ingest::inlet::Refusal;

/// How long an exporter is asked to wait when the budget for bodies in flight is used up.
const NO_ROOM_RETRY: Duration = Duration::from_secs(1);
/// How long an exporter is asked to wait for the next agent.
const RESTART_RETRY: Duration = Duration::from_secs(5);

/// Why a request is not answered with success.
#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error(
        "no service at `{path}`; traces and metrics are taken by POST at `/v1/traces` and \
         `/v1/metrics`, and by OTLP/gRPC"
    )]
    UnknownPath { path: String },
    #[error("method `{method}` is not allowed; use POST")]
    Method { method: String },
    #[error(
        "content type `{found}` is not accepted; \
         use `application/x-protobuf` or `application/json`"
    )]
    ContentType { found: String },
    #[error("compression `{found}` is not accepted; use `gzip`, `zstd` or none")]
    ContentEncoding { found: String },
    #[error("the body is larger than {limit} bytes; send smaller batches")]
    TooLarge { limit: usize },
    #[error("the body did not come within {within:?}")]
    TooSlow { within: Duration },
    #[error("the body broke off")]
    Broken(#[source] axum::Error),
    #[error("the body is not one gRPC message: {0}")]
    Framing(&'static str),
    #[error("the body is not valid {coding}")]
    Corrupt { coding: Coding, source: io::Error },
    #[error("the body is not an OTLP export")]
    Undecodable(#[source] DecodeError),
    #[error("too many bodies are in flight")]
    NoRoom,
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("internal error")]
    Internal,
}

impl Rejection {
    /// The text for the exporter's log: what failed, and the causes after colons.
    pub fn message(&self) -> String {
        let mut message = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            message.push_str(&format!(": {error}"));
            cause = error.source();
        }
        message
    }

    /// When the exporter may send the same again; `None` when that is useless.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::NoRoom => Some(NO_ROOM_RETRY),
            Self::Refused(Refusal::ShuttingDown) => Some(RESTART_RETRY),
            Self::Refused(
                Refusal::Busy { retry_after } | Refusal::CannotStore { retry_after, .. },
            ) => Some(*retry_after),
            _ => None,
        }
    }

    /// The HTTP status. OTLP lets exporters repeat 429 and 503 of these and nothing else.
    ///
    /// 429 is said when this exporter and others send more than is taken, 503 when nothing would
    /// be taken.
    pub fn http_status(&self) -> StatusCode {
        match self {
            Self::UnknownPath { .. } => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::ContentType { .. } | Self::ContentEncoding { .. } => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) | Self::Framing(_) | Self::Corrupt { .. } | Self::Undecodable(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::NoRoom | Self::Refused(Refusal::Busy { .. }) => StatusCode::TOO_MANY_REQUESTS,
            Self::Refused(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The gRPC code. OTLP lets exporters repeat `UNAVAILABLE`, `DEADLINE_EXCEEDED` and
    /// `CANCELLED` of these; `RESOURCE_EXHAUSTED` not, since it comes without RetryInfo.
    pub fn grpc_code(&self) -> Code {
        match self {
            Self::UnknownPath { .. } | Self::Method { .. } | Self::ContentEncoding { .. } => {
                Code::Unimplemented
            }
            Self::ContentType { .. } | Self::Corrupt { .. } | Self::Undecodable(_) => {
                Code::InvalidArgument
            }
            Self::TooLarge { .. } => Code::ResourceExhausted,
            Self::TooSlow { .. } => Code::DeadlineExceeded,
            Self::Broken(_) => Code::Cancelled,
            Self::NoRoom | Self::Refused(_) => Code::Unavailable,
            Self::Framing(_) | Self::Internal => Code::Internal,
        }
    }

    /// What to count the request as.
    pub fn end(&self) -> End {
        match self {
            Self::UnknownPath { .. } => End::UnknownPath,
            Self::Method { .. } => End::Method,
            Self::ContentType { .. } => End::ContentType,
            Self::ContentEncoding { .. } => End::ContentEncoding,
            Self::TooLarge { .. } => End::TooLarge,
            Self::TooSlow { .. } => End::TooSlow,
            Self::Broken(_) => End::Disconnected,
            Self::Framing(_) | Self::Corrupt { .. } | Self::Undecodable(_) => End::Undecodable,
            Self::NoRoom | Self::Refused(Refusal::Busy { .. }) => End::Busy,
            Self::Refused(Refusal::CannotStore { .. }) => End::CannotStore,
            Self::Refused(Refusal::ShuttingDown) => End::ShuttingDown,
            Self::Internal => End::Internal,
        }
    }
}
