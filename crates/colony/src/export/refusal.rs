//! Why a target did not take a request, and whether sending it again may help.

use std::time::Duration;

use coral_trace::sanitize::line;
use coral_wire::export_answer::{PartialSuccess, retry_delay, status_message};
use coral_wire::otlp_in::Encoding;
use http::{HeaderMap, StatusCode, header};

/// Why a target did not take a request.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// What helps.
    pub remedy: Remedy,
    /// The reason, on one line.
    pub reason: String,
}

/// What helps against a refusal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// The same request later, and not before the given time if the target named one.
    Repeat(Option<Duration>),
    /// A smaller request. A span that is too large alone is never taken.
    Smaller,
    /// A smaller request later: a limit of the target is exhausted, of size or of a quota.
    SmallerLater,
    /// A change of the target or of its settings. The request is repeated slowly.
    Change,
}

impl Refusal {
    /// A refusal with a reason that may have text of the target.
    pub fn new(remedy: Remedy, reason: &str) -> Self {
        Self { remedy, reason: line(reason) }
    }

    /// The target cannot be reached, or did not answer.
    pub fn unanswered(reason: &str) -> Self {
        Self::new(Remedy::Repeat(None), reason)
    }
}

/// What an answer over HTTP says.
///
/// # Errors
/// [`Refusal`].
///
/// Source: OTLP specification, OTLP/HTTP response and throttling.
pub(super) fn of_http(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<PartialSuccess, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_json = kind.is_some_and(|kind| kind.starts_with("application/json"));
    let encoding = if is_json { Encoding::Json } else { Encoding::Protobuf };
    if status.is_success() {
        return Ok(PartialSuccess::of_response(body, encoding));
    }
    let remedy = match status.as_u16() {
        413 => Remedy::Smaller,
        429 | 502 | 503 | 504 => Remedy::Repeat(retry_after(headers)),
        _ => Remedy::Change,
    };
    let is_text = kind.is_some_and(|kind| kind.starts_with("text/plain"));
    let text = if is_text { std::str::from_utf8(body).ok() } else { None };
    let message =
        status_message(body, encoding).or_else(|| text.map(|text| text.trim().to_owned()));
    let colon = message.map(|message| format!(": {message}")).unwrap_or_default();
    Err(Refusal::new(remedy, &format!("the target answers {status}{colon}")))
}

/// What an answer over gRPC says. `headers` are its trailers, or its headers if it has no body.
///
/// # Errors
/// [`Refusal`].
///
/// Source: OTLP specification, OTLP/gRPC response and throttling; gRPC over HTTP/2.
pub(super) fn of_grpc(headers: &HeaderMap, message: &[u8]) -> Result<PartialSuccess, Refusal> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(code) = text("grpc-status").and_then(|code| code.parse::<usize>().ok()) else {
        return Err(Refusal::unanswered("the target's answer ended without a status"));
    };
    if code == 0 {
        return Ok(PartialSuccess::of_response(message, Encoding::Protobuf));
    }
    let details = text("grpc-status-details-bin").and_then(decoded);
    let delay = details.as_deref().and_then(retry_delay);
    let name = CODES.get(code).copied().unwrap_or("an unknown code");
    let remedy = match name {
        "CANCELLED" | "DEADLINE_EXCEEDED" | "ABORTED" | "OUT_OF_RANGE" | "UNAVAILABLE"
        | "DATA_LOSS" => Remedy::Repeat(delay),
        "RESOURCE_EXHAUSTED" if delay.is_some() => Remedy::Repeat(delay),
        "RESOURCE_EXHAUSTED" => Remedy::SmallerLater,
        _ => Remedy::Change,
    };
    let said = text("grpc-message").map(percent_decoded).unwrap_or_default();
    let colon = if said.is_empty() { String::new() } else { format!(": {said}") };
    Err(Refusal::new(remedy, &format!("the target answers {name}{colon}")))
}

/// The names of gRPC's codes, by number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// `Retry-After` in seconds. A date is not read.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The bytes of a header whose name ends with `-bin`, in base64 with or without padding.
fn decoded(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// `text` with its percent-encoded bytes decoded; what is no UTF-8 is replaced.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).filter(|_| *first == b'%');
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn each_status_of_http_has_its_remedy() {
        let remedy = |code: u16, pairs: &[(&'static str, &str)]| {
            of_http(StatusCode::from_u16(code).unwrap(), &headers(pairs), b"").unwrap_err().remedy
        };
        for code in [429, 502, 503, 504] {
            assert_eq!(remedy(code, &[]), Remedy::Repeat(None));
            let wait = Some(Duration::from_secs(7));
            assert_eq!(remedy(code, &[("retry-after", "7")]), Remedy::Repeat(wait));
        }
        assert_eq!(remedy(413, &[]), Remedy::Smaller);
        for code in [301, 400, 401, 403, 404, 500] {
            assert_eq!(remedy(code, &[("retry-after", "7")]), Remedy::Change);
        }
    }

    #[test]
    fn each_code_of_grpc_has_its_remedy() {
        let remedy =
            |code: &str| of_grpc(&headers(&[("grpc-status", code)]), b"").unwrap_err().remedy;
        for code in ["1", "4", "10", "11", "14", "15"] {
            assert_eq!(remedy(code), Remedy::Repeat(None), "{code}");
        }
        assert_eq!(remedy("8"), Remedy::SmallerLater);
        for code in ["2", "3", "5", "7", "12", "13", "16", "99"] {
            assert_eq!(remedy(code), Remedy::Change, "{code}");
        }
        assert_eq!(of_grpc(&HeaderMap::new(), b"").unwrap_err().remedy, Remedy::Repeat(None));
    }

    #[test]
    fn a_busy_target_over_grpc_says_how_long_to_wait() {
        // A google.rpc.Status with a RetryInfo of 2.5 s, as google.golang.org/grpc sends it.
        let mut info = Vec::from([0x0a, 6, 0x08, 2, 0x10]);
        info.extend([0x80, 0xca, 0xb5, 0xee, 0x01]);
        info[1] = info.len() as u8 - 2;
        let url = "type.googleapis.com/google.rpc.RetryInfo";
        let mut any = vec![0x0a, url.len() as u8];
        any.extend(url.as_bytes());
        any.extend([0x12, info.len() as u8]);
        any.extend(&info);
        let mut status = vec![0x08, 8, 0x1a, any.len() as u8];
        status.extend(&any);
        use base64::Engine as _;
        let details = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&status);
        let headers = headers(&[("grpc-status", "8"), ("grpc-status-details-bin", &details)]);
        let wait = Some(Duration::from_millis(2_500));
        assert_eq!(of_grpc(&headers, b"").unwrap_err().remedy, Remedy::Repeat(wait));
    }

    #[test]
    fn a_targets_reason_is_shown_on_one_line() {
        let pairs = [("grpc-status", "16"), ("grpc-message", "no%20token%0A%1B[2J 5% %zz")];
        let reason = of_grpc(&headers(&pairs), b"").unwrap_err().reason;
        assert!(reason.starts_with("the target answers UNAUTHENTICATED: no token"), "{reason}");
        assert!(!reason.contains(char::is_control) && reason.ends_with("5% %zz"), "{reason}");
        let pairs = headers(&[("content-type", "text/plain; charset=utf-8")]);
        let error = of_http(StatusCode::UNAUTHORIZED, &pairs, b"no org id\n").unwrap_err();
        assert_eq!(error.reason, "the target answers 401 Unauthorized: no org id");
        let pairs = headers(&[("content-type", "text/html")]);
        let error = of_http(StatusCode::BAD_GATEWAY, &pairs, b"<html>").unwrap_err();
        assert_eq!(error.reason, "the target answers 502 Bad Gateway");
    }
}
