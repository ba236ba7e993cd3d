//! How a call failed, from the span of the caller or of the callee.

use std::time::Duration;

use super::Loss;
use crate::failure::error_type;
use crate::ids::SpanId;
use crate::span::{Span, SpanKind};

/// HTTP 408 and 504, and gRPC `DEADLINE_EXCEEDED`.
const TIMEOUT_STATUSES: [u16; 3] = [408, 504, 4];
/// Words in the status message or the `error.type` of a call that timed out, in lower case.
const TIMEOUT_WORDS: [&str; 3] = ["timeout", "timed out", "deadline"];
/// A call that failed without a status after this long has timed out.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// How the span with this id failed, or the client span that is its parent.
pub(super) fn failure(spans: &[Span], id: SpanId) -> Option<Loss> {
    let span = spans.iter().find(|span| span.span_id == id)?;
    let caller = spans.iter().find(|caller| {
        Some(caller.span_id) == span.parent_span_id && caller.kind == SpanKind::Client
    });
    let failed = || [caller, Some(span)].into_iter().flatten().filter(|span| span.is_error());
    failed().next()?;
    if failed().any(|span| is_timeout(span) || is_unanswered(span, spans)) {
        return Some(Loss::Timeout);
    }
    Some(Loss::Failure(failed().find_map(code)))
}

fn is_timeout(span: &Span) -> bool {
    let texts = [Some(span.status.message.as_str()), span.attributes.text("error.type")];
    let mut texts = texts.into_iter().flatten().map(str::to_lowercase);
    span.response_status().is_some_and(|status| TIMEOUT_STATUSES.contains(&status))
        || texts.any(|text| TIMEOUT_WORDS.iter().any(|word| text.contains(word)))
}

/// Whether a call over the network has no status or error code at all. Calls of databases are
/// excluded, because databases report timeouts.
fn is_unanswered(span: &Span, spans: &[Span]) -> bool {
    let kind = |key: &str| ["http.", "rpc."].iter().any(|prefix| key.starts_with(prefix));
    let is_call = || {
        let answers = |other: &Span| {
            other.parent_span_id == Some(span.span_id) && other.kind == SpanKind::Server
        };
        span.attributes.iter().any(|pair| kind(&pair.key)) || spans.iter().any(answers)
    };
    span.kind == SpanKind::Client
        && span.duration() >= ANSWER_TIMEOUT
        && code(span).is_none()
        && is_call()
}

/// The response status, a database's error code, or the error type. Beyla uses HTTP status 0 for no
/// response.
fn code(span: &Span) -> Option<String> {
    let status = span.response_status().filter(|status| *status != 0);
    status.map(|status| status.to_string()).or_else(|| error_type(span))
}
