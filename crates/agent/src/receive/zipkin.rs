//! Zipkin's `POST /api/v2/spans`, in JSON.
//!
//! Zipkin's protocol has no partial success. If some spans of a list are refused, the others are
//! stored and the answer is 400 with the reasons, because with 202 nobody would learn of the refused
//! ones. A list that is sent again is stored once.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

use super::export::RefusedItems;
use super::http::media_type;
use super::rejection::Rejection;

pub(super) const PATH: &str = "/api/v2/spans";

/// Checks that the body is JSON by its content type. Unlike Zipkin, the receiver takes no body
/// without one: a web page may send such a body to any port without asking the browser.
pub(super) fn check_content_type(headers: &HeaderMap) -> Result<(), Rejection> {
    match media_type(headers).as_slice() {
        b"application/json" => Ok(()),
        other => Err(Rejection::ZipkinContentType { found: other.escape_ascii().to_string() }),
    }
}

/// 202 if no span was refused.
pub(super) fn success(refused_items: &RefusedItems) -> Response {
    match refused_items {
        RefusedItems::Spans(refused) if refused.spans > 0 => {
            text(StatusCode::BAD_REQUEST, &format!("{}. All others are stored", refused.message()))
        }
        _ => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::ACCEPTED;
            response
        }
    }
}

/// The reason as text.
pub(super) fn failure(rejection: &Rejection) -> Response {
    text(rejection.http_status(), &rejection.message())
}

fn text(status: StatusCode, message: &str) -> Response {
    let mut response = Response::new(Body::from(format!("{message}\n")));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
