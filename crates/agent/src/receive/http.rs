//! OTLP/HTTP: `POST /v1/traces` and `/v1/metrics`, protobuf or JSON; and [`zipkin`].

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, EXPECT, RETRY_AFTER,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use axum::response::Response;
use coral_wire::otlp_in::Encoding;
use coral_wire::status::http_status_body;

use super::Receiver;
use super::body;
use super::coding::{ACCEPTED, Coding};
use super::export::{self, Message, RefusedItems, Signal};
use super::rejection::Rejection;
use super::zipkin;
use crate::counters::Protocol;

const TRACES: &str = "/v1/traces";
const METRICS: &str = "/v1/metrics";

/// The form of an answer.
#[derive(Clone, Copy)]
enum Form {
    Otlp(Encoding),
    Zipkin,
}

/// Answers one request, in the encoding of the request.
pub(super) async fn answer(
    request: Request,
    access: Result<(), Rejection>,
    receiver: &Arc<Receiver>,
) -> Response {
    let open = receiver.counters().request(Protocol::Http);
    let (head, mut body) = request.into_parts();
    let form = match head.uri.path() {
        zipkin::PATH => Form::Zipkin,
        _ => Form::Otlp(encoding(&head.headers).unwrap_or(Encoding::Protobuf)),
    };
    let outcome = match access {
        Ok(()) => export(&head, &mut body, receiver).await,
        Err(rejection) => Err(rejection),
    };
    if outcome.as_ref().is_err_and(|rejection| is_still_sending(&head, rejection)) {
        body::discard(&mut body).await;
    }
    export::end(open, &outcome);
    match outcome {
        Ok(refused_items) => success(&refused_items, form),
        Err(rejection) => failure(&rejection, form),
    }
}

async fn export(
    head: &Parts,
    body: &mut Body,
    receiver: &Arc<Receiver>,
) -> Result<RefusedItems, Rejection> {
    let signal = match head.uri.path() {
        TRACES => Signal::Traces,
        METRICS => Signal::Metrics,
        zipkin::PATH => Signal::ZipkinTraces,
        other => return Err(Rejection::UnknownPath { path: other.to_owned() }),
    };
    if head.method != Method::POST {
        return Err(Rejection::Method { method: head.method.to_string() });
    }
    let encoding = match signal {
        Signal::ZipkinTraces => {
            zipkin::check_content_type(&head.headers)?;
            Encoding::Json
        }
        Signal::Traces | Signal::Metrics => encoding(&head.headers)?,
    };
    let coding = Coding::named(head.headers.get(CONTENT_ENCODING))?;
    let held = receiver.read(body, 0).await?;
    receiver.export(Message { held, coding, encoding, signal }).await
}

/// The encoding that the content type names; its parameters are ignored.
fn encoding(headers: &HeaderMap) -> Result<Encoding, Rejection> {
    match media_type(headers).as_slice() {
        b"application/x-protobuf" => Ok(Encoding::Protobuf),
        b"application/json" => Ok(Encoding::Json),
        _ => {
            let whole = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
            Err(Rejection::ContentType { found: whole.escape_ascii().to_string() })
        }
    }
}

/// The content type without its parameters, in lower case; empty without one.
pub(super) fn media_type(headers: &HeaderMap) -> Vec<u8> {
    let whole = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let kind = whole.split(|byte| *byte == b';').next().unwrap_or_default();
    kind.trim_ascii().to_ascii_lowercase()
}

/// Whether the client may still be sending its body, and would miss an answer that is followed by a
/// close. HTTP/2 can end one stream by itself, and a client that expects `100 Continue` has not
/// begun to send.
fn is_still_sending(head: &Parts, rejection: &Rejection) -> bool {
    head.version < Version::HTTP_2
        && !head.headers.contains_key(EXPECT)
        && !matches!(rejection, Rejection::TooSlow { .. } | Rejection::Broken(_))
}

fn success(refused_items: &RefusedItems, form: Form) -> Response {
    match form {
        Form::Otlp(encoding) => {
            response(StatusCode::OK, refused_items.response(encoding), encoding)
        }
        Form::Zipkin => zipkin::success(refused_items),
    }
}

fn failure(rejection: &Rejection, form: Form) -> Response {
    let mut response = match form {
        Form::Otlp(encoding) => {
            let code = rejection.grpc_code() as i32;
            let status = http_status_body(code, &rejection.message(), encoding);
            response(rejection.http_status(), status, encoding)
        }
        Form::Zipkin => zipkin::failure(rejection),
    };
    let headers = response.headers_mut();
    if let Some(delay) = rejection.retry_after() {
        headers.insert(RETRY_AFTER, whole_seconds(delay).into());
    }
    match rejection {
        Rejection::Method { .. } => headers.insert(ALLOW, HeaderValue::from_static("POST")),
        Rejection::ContentEncoding { .. } => headers.insert(ACCEPT_ENCODING, ACCEPTED),
        _ => None,
    };
    response
}

fn response(status: StatusCode, body: Vec<u8>, encoding: Encoding) -> Response {
    let kind = match encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// `delay` in seconds, rounded up and never zero, because zero would ask for an immediate retry.
fn whole_seconds(delay: Duration) -> u64 {
    (delay.as_secs() + u64::from(delay.subsec_nanos() > 0)).max(1)
}
