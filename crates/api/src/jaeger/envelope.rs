//! The object around each answer of Jaeger's older API, and its errors.

use axum::response::{IntoResponse as _, Response};
use coral_server::audit::AuditDetails;
use http::{StatusCode, header};
use serde::Serialize;

use crate::answering::NotAnswered;

const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

/// An answer with its data.
#[derive(Serialize)]
pub(super) struct Envelope<T> {
    pub(super) data: T,
    pub(super) total: usize,
    pub(super) limit: usize,
    pub(super) offset: usize,
    pub(super) errors: Option<Vec<UiError>>,
}

/// An error of an answer, or of a part of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct UiError {
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) code: u16,
    pub(super) msg: String,
    #[serde(rename = "traceID", skip_serializing_if = "Option::is_none")]
    pub(super) trace_id: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_zero(code: &u16) -> bool {
    *code == 0
}

/// Why a request has no answer.
#[derive(Debug)]
pub(super) enum Refused {
    /// The request itself is wrong: a status and the reason.
    Request(StatusCode, String),
    /// The question was not answered.
    NotAnswered(NotAnswered),
}

impl<T> Envelope<T> {
    /// An answer of `data`, with `total` as the number of its items.
    pub(super) const fn counted(data: T, total: usize) -> Self {
        Self { data, total, limit: 0, offset: 0, errors: None }
    }
}

impl Refused {
    /// 400.
    pub(super) fn invalid(reason: impl Into<String>) -> Self {
        Self::Request(StatusCode::BAD_REQUEST, reason.into())
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Request(status, _) => *status,
            Self::NotAnswered(error) => error.status(),
        }
    }

    /// The reason, with a hint.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Request(_, reason) => reason.clone(),
            Self::NotAnswered(error) => match error.hint() {
                Some(hint) => format!("{}; {hint}", error.message()),
                None => error.message(),
            },
        }
    }

    /// `response` with the headers of this refusal.
    pub(super) fn with_headers(self, body: Vec<u8>) -> Response {
        let status = self.status();
        let mut response = match self {
            // How long to wait is a header of the own answer.
            Self::NotAnswered(error @ NotAnswered::NotAdmitted(_)) => error.into_response(),
            _ => status.into_response(),
        };
        response.headers_mut().remove(header::CONTENT_LENGTH);
        let kind = http::HeaderValue::from_static(JSON[0].1);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        *response.body_mut() = body.into();
        response
    }
}

impl From<NotAnswered> for Refused {
    fn from(error: NotAnswered) -> Self {
        Self::NotAnswered(error)
    }
}

/// `value` as JSON, which is indented by four spaces if `is_pretty`.
///
/// # Errors
/// [`NotAnswered::Defect`] if `value` has no JSON form.
pub(super) fn json<T: Serialize>(value: &T, is_pretty: bool) -> Result<Vec<u8>, NotAnswered> {
    let mut bytes = Vec::with_capacity(4_096);
    let written = if is_pretty {
        let indented = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, indented))
    } else {
        serde_json::to_writer(&mut bytes, value)
    };
    written.map_err(|error| {
        tracing::error!(%error, "an answer for Jaeger has no JSON form");
        NotAnswered::Defect
    })?;
    Ok(bytes)
}

/// The response with the JSON of an answer, or of the error of the older API, and what the audit
/// log records.
pub(super) fn respond(answer: Result<Vec<u8>, Refused>, details: AuditDetails) -> Response {
    let mut response = match answer {
        Ok(json) => (JSON, json).into_response(),
        Err(refused) => {
            let error =
                UiError { code: refused.status().as_u16(), msg: refused.message(), trace_id: None };
            let envelope = Envelope::<Option<()>> {
                data: None,
                total: 0,
                limit: 0,
                offset: 0,
                errors: Some(vec![error]),
            };
            refused.with_headers(serde_json::to_vec(&envelope).unwrap_or_default())
        }
    };
    response.extensions_mut().insert(details);
    response
}
