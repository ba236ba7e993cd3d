//! Answers to requests that no route takes: JSON for HTTP, `UNIMPLEMENTED` for gRPC and for nobody else.
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
/// gRPC's code `UNIMPLEMENTED`.
const UNIMPLEMENTED: u16 = 12;
/// Characters of a path that an error repeats.
const MAX_SHOWN_PATH: usize = 200;

/// Whether a request with these headers is gRPC's.
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

/// The answer to a request whose path is known, and whose method is not. axum adds the `Allow` header.
pub(super) async fn unknown_method(request: Request) -> Response {
    if is_grpc(request.headers()) {
        return unimplemented();
    }
    let error = format!("`{}` does not take {}", path(&request), request.method());
    let hint = "the `Allow` header of this answer says which methods it takes";
    refusal(StatusCode::METHOD_NOT_ALLOWED, error, Some(hint))
}

/// Lets gRPC pass to a gRPC method, and nothing else: tonic would not look.
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
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(GRPC)),
        (GRPC_STATUS, UNIMPLEMENTED.into()),
        (GRPC_MESSAGE, HeaderValue::from_static("no such service or method")),
    ];
    (headers, Body::empty()).into_response()
}
