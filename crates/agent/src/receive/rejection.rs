//! Why a request fails, with the status in each protocol.

use std::error::Error;
use std::io;
use std::time::Duration;

use axum::http::StatusCode;
use coral_wire::otlp_in::DecodeError;
use tonic::Code;

use super::coding::Coding;
use crate::counters::End;
use crate::ingest::inlet::Refusal;

/// The retry delay in the answer to an exporter when the memory for bodies in flight is used up.
const NO_ROOM_RETRY: Duration = Duration::from_secs(1);
/// The retry delay in the answer to an exporter when the agent is stopping, so that it can restart.
const RESTART_RETRY: Duration = Duration::from_secs(5);

/// Why a request fails.
#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error(
        "no service at `{path}`; traces and metrics are taken by POST at `/v1/traces` and \
         `/v1/metrics`, by OTLP/gRPC, and in Zipkin's JSON at `/api/v2/spans`"
    )]
    UnknownPath { path: String },
    #[error("this agent takes exports only with {0}")]
    Unauthenticated(&'static str),
    #[error(
        "`{origin}` is not a site whose pages may export here; if it is yours, add its name to \
         `agent.allowed_hosts`"
    )]
    ForeignPage { origin: String },
    #[error("method `{method}` is not allowed; use POST")]
    Method { method: String },
    #[error(
        "content type `{found}` is not accepted; \
         use `application/x-protobuf` or `application/json`"
    )]
    ContentType { found: String },
    #[error(
        "content type `{found}` is not accepted; use `application/json`, in Zipkin's v2 format"
    )]
    ZipkinContentType { found: String },
    #[error("compression `{found}` is not accepted; use `gzip`, `zstd` or none")]
    ContentEncoding { found: String },
    #[error("the body is larger than {limit} bytes; send smaller batches")]
    TooLarge { limit: usize },
    #[error("the body was not received within {within:?}")]
    TooSlow { within: Duration },
    #[error("the body ended early")]
    Broken(#[source] axum::Error),
    #[error("the body is not one gRPC message: {0}")]
    Framing(&'static str),
    #[error("the body is not valid {coding}")]
    Corrupt { coding: Coding, source: io::Error },
    #[error("the body is not an OTLP export")]
    Undecodable(#[source] DecodeError),
    #[error("the body is not a list of Zipkin v2 spans")]
    NotZipkin(#[source] DecodeError),
    #[error("too many bodies are in flight")]
    NoRoom,
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("internal error")]
    Internal,
}

impl Rejection {
    /// The text for the exporter's log: what failed, followed by the causes.
    pub fn message(&self) -> String {
        let mut message = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            message.push_str(&format!(": {error}"));
            cause = error.source();
        }
        message
    }

    /// The retry delay in the answer: how long the exporter should wait before it sends the same
    /// request again. `None` when the answer has no retry delay.
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

    /// The HTTP status. OTLP exporters may retry 429 and 503 of these, and no others. 429 means
    /// that more was sent than the agent can take, 503 that the agent can take nothing at the
    /// moment.
    pub fn http_status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::ForeignPage { .. } => StatusCode::FORBIDDEN,
            Self::UnknownPath { .. } => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::ContentType { .. }
            | Self::ZipkinContentType { .. }
            | Self::ContentEncoding { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_)
            | Self::Framing(_)
            | Self::Corrupt { .. }
            | Self::Undecodable(_)
            | Self::NotZipkin(_) => StatusCode::BAD_REQUEST,
            Self::NoRoom | Self::Refused(Refusal::Busy { .. }) => StatusCode::TOO_MANY_REQUESTS,
            Self::Refused(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The gRPC code. OTLP exporters may retry `UNAVAILABLE`, `DEADLINE_EXCEEDED` and `CANCELLED`
    /// of these, but not `RESOURCE_EXHAUSTED`, which is sent without RetryInfo.
    pub fn grpc_code(&self) -> Code {
        match self {
            Self::Unauthenticated(_) => Code::Unauthenticated,
            Self::ForeignPage { .. } => Code::PermissionDenied,
            Self::UnknownPath { .. } | Self::Method { .. } | Self::ContentEncoding { .. } => {
                Code::Unimplemented
            }
            Self::ContentType { .. }
            | Self::ZipkinContentType { .. }
            | Self::Corrupt { .. }
            | Self::Undecodable(_)
            | Self::NotZipkin(_) => Code::InvalidArgument,
            Self::TooLarge { .. } => Code::ResourceExhausted,
            Self::TooSlow { .. } => Code::DeadlineExceeded,
            Self::Broken(_) => Code::Cancelled,
            Self::NoRoom | Self::Refused(_) => Code::Unavailable,
            Self::Framing(_) | Self::Internal => Code::Internal,
        }
    }

    /// The outcome that the request is counted with.
    pub fn end(&self) -> End {
        match self {
            Self::Unauthenticated(_) => End::Unauthenticated,
            Self::ForeignPage { .. } => End::ForeignPage,
            Self::UnknownPath { .. } => End::UnknownPath,
            Self::Method { .. } => End::Method,
            Self::ContentType { .. } | Self::ZipkinContentType { .. } => End::ContentType,
            Self::ContentEncoding { .. } => End::ContentEncoding,
            Self::TooLarge { .. } => End::TooLarge,
            Self::TooSlow { .. } => End::TooSlow,
            Self::Broken(_) => End::Disconnected,
            Self::Framing(_) | Self::Corrupt { .. } | Self::Undecodable(_) | Self::NotZipkin(_) => {
                End::Undecodable
            }
            Self::NoRoom | Self::Refused(Refusal::Busy { .. }) => End::Busy,
            Self::Refused(Refusal::CannotStore { .. }) => End::CannotStore,
            Self::Refused(Refusal::ShuttingDown) => End::ShuttingDown,
            Self::Internal => End::Internal,
        }
    }
}
