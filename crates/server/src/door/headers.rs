//! Headers of every answer over HTTP: what a browser must not do with it.
//!
//! No answer is a document that may load, run or send anything, none may be shown inside a page, no
//! other site reads one, and no cache keeps one. The files of the web page set headers of their own,
//! which stay. No answer has a header of CORS.
//!
//! Source: Content Security Policy Level 3; Fetch (`Cross-Origin-Resource-Policy`, `nosniff`); HTML
//! (`Cross-Origin-Opener-Policy`); RFC 9111, 5.2.2.5 (`no-store`).

use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};

use super::unmatched::is_grpc;

const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (CACHE_CONTROL, "no-store"),
];

/// Adds the headers that the answer does not have. A browser does not see answers of gRPC.
pub(super) async fn add(mut response: Response) -> Response {
    if !is_grpc(response.headers()) {
        for (name, value) in HEADERS {
            response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
        }
    }
    response
}
