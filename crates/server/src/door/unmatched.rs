//! Answers to requests that match no route: JSON for HTTP, and `UNIMPLEMENTED` for gRPC.
//!
//! Source: gRPC over HTTP2, "Responses": a request of another content type is answered 415.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::refusal::refusal;

const GRPC: &str = "application/grpc";
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
/// Status code `UNIMPLEMENTED` of gRPC.
const UNIMPLEMENTED: u16 = 12;
/// Longest part of a path that an error quotes, in characters.
const MAX_SHOWN_PATH: usize = 200;

/// Answers requests that match no route: as the API whose base the path has, or as Coral's own.
pub(super) struct Unmatched {
    unknown_path_hint: &'static str,
    foreign: Vec<(&'static str, Refuse)>,
}

/// Makes an answer of its status and of what is wrong, in one line.
type Refuse = fn(StatusCode, &str) -> Response;

impl Unmatched {
    /// Answers of Coral's own, whose error for an unknown path has `unknown_path_hint`.
    pub fn new(unknown_path_hint: &'static str) -> Self {
        Self { unknown_path_hint, foreign: Vec::new() }
    }

    /// Has `refuse` answer below `base`.
    pub fn add(&mut self, base: &'static str, refuse: Refuse) {
        self.foreign.push((base, refuse));
    }

    /// The answer to a request whose path is unknown.
    pub fn path(&self, request: &Request) -> Response {
        let error = format!("no such path: `{}`", path(request));
        self.answer(request, StatusCode::NOT_FOUND, error, self.unknown_path_hint)
    }

    /// The answer to a request with a known path and a wrong method. axum adds the `Allow` header.
    pub fn method(&self, request: &Request) -> Response {
        let error = format!("`{}` does not accept {}", path(request), request.method());
        let hint = "the `Allow` header of this answer lists the methods that the path accepts";
        self.answer(request, StatusCode::METHOD_NOT_ALLOWED, error, hint)
    }

    fn answer(&self, request: &Request, status: StatusCode, error: String, hint: &str) -> Response {
        if is_grpc(request.headers()) {
            return unimplemented();
        }
        let is_below = |base: &str| {
            let rest = request.uri().path().strip_prefix(base);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match self.foreign.iter().find(|(base, _)| is_below(base)) {
            Some((_, refuse)) => refuse(status, &format!("{error} ({hint})")),
            None => refusal(status, error, Some(hint)),
        }
    }
}

/// Whether a request with these headers is a gRPC call.
pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let rest = kind.get(GRPC.len()..).unwrap_or_default();
    let is_grpc =
        kind.get(..GRPC.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(GRPC.as_bytes()));
    is_grpc && matches!(rest.first(), None | Some(b'+' | b';'))
}

/// Middleware that passes only gRPC calls to a gRPC method. tonic does not check the content type.
pub(super) async fn grpc_only(request: Request, next: Next) -> Response {
    if is_grpc(request.headers()) {
        return next.run(request).await;
    }
    let error = format!("`{}` is a gRPC method", path(&request));
    refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, error, Some("call it with a gRPC client"))
}

fn path(request: &Request) -> String {
    request.uri().path().chars().take(MAX_SHOWN_PATH).collect()
}

fn unimplemented() -> Response {
    status(UNIMPLEMENTED, "no such service or method")
}

/// The answer to a gRPC call that is not made, with this status code and message.
pub(super) fn status(code: u16, message: &str) -> Response {
    let message = HeaderValue::from_str(message)
        .unwrap_or_else(|_| HeaderValue::from_static("the call is refused"));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(GRPC)),
        (GRPC_STATUS, code.into()),
        (GRPC_MESSAGE, message),
    ];
    (headers, Body::empty()).into_response()
}
