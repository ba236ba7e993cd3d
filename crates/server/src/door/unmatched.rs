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

/// Whether a request with these headers is a gRPC call.
pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let rest = kind.get(GRPC.len()..).unwrap_or_default();
    let is_grpc =
        kind.get(..GRPC.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(GRPC.as_bytes()));
    is_grpc && matches!(rest.first(), None | Some(b'+' | b';'))
}

/// The answer to a request whose path is unknown.
pub(super) fn unknown_path(request: &Request, hint: &'static str) -> Response {
    if is_grpc(request.headers()) {
        return unimplemented();
    }
    refusal(StatusCode::NOT_FOUND, format!("no such path: `{}`", path(request)), Some(hint))
}

/// The answer to a request with a known path and a wrong method. axum adds the `Allow` header.
pub(super) async fn unknown_method(request: Request) -> Response {
    if is_grpc(request.headers()) {
        return unimplemented();
    }
    let error = format!("`{}` does not accept {}", path(&request), request.method());
    let hint = "the `Allow` header of this answer lists the methods that the path accepts";
    refusal(StatusCode::METHOD_NOT_ALLOWED, error, Some(hint))
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
