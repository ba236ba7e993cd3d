//! OTLP/gRPC: the unary methods `TraceService/Export` and `MetricsService/Export`.
//!
//! The body is read here, and not by tonic, so that the same limits apply to both protocols. Tonic
//! allocates the announced length of a frame before receiving it, and answers frames above the
//! limit with `OUT_OF_RANGE`, which makes OTLP exporters retry forever.

use std::future::ready;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use coral_wire::otlp_in::Encoding;
use coral_wire::status::retry_info_details;
use http_body_util::{BodyExt, Full};
use tonic::Status;

use super::Receiver;
use super::body::HeldBody;
use super::coding::{ACCEPTED, Coding};
use super::export::{self, Message, RefusedItems, Signal};
use super::rejection::Rejection;
use crate::counters::Protocol;

const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
const MEDIA_TYPE: &str = "application/grpc";
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// The length of a frame's header: one byte for the compression flag, four for the length.
const FRAME_HEAD: usize = 5;

/// Whether a request with these headers is a gRPC request.
pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let rest = kind.strip_prefix(MEDIA_TYPE.as_bytes());
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// Answers one call.
pub(super) async fn answer(
    request: Request,
    access: Result<(), Rejection>,
    receiver: &Arc<Receiver>,
) -> Response {
    let open = receiver.counters().request(Protocol::Grpc);
    let outcome = match access {
        Ok(()) => export(request, receiver).await,
        Err(rejection) => Err(rejection),
    };
    export::end(open, &outcome);
    let mut response = match outcome {
        Ok(refused_items) => success(&refused_items),
        Err(rejection) => status(&rejection).into_http(),
    };
    response.headers_mut().insert(ACCEPT_ENCODING, ACCEPTED);
    response
}

async fn export(request: Request, receiver: &Arc<Receiver>) -> Result<RefusedItems, Rejection> {
    let (head, mut body) = request.into_parts();
    let signal = match head.uri.path() {
        TRACES => Signal::Traces,
        METRICS => Signal::Metrics,
        other => return Err(Rejection::UnknownPath { path: other.to_owned() }),
    };
    let coding = Coding::named(head.headers.get(ENCODING))?;
    let held = receiver.read(&mut body, FRAME_HEAD).await?;
    let (held, coding) = unframe(held, coding)?;
    receiver.export(Message { held, coding, encoding: Encoding::Protobuf, signal }).await
}

/// Removes the header of the only frame of a unary call. `coding` applies only if the frame is
/// marked as compressed.
fn unframe(mut held: HeldBody, coding: Coding) -> Result<(HeldBody, Coding), Rejection> {
    let (head, message) = held
        .bytes
        .split_first_chunk::<FRAME_HEAD>()
        .ok_or(Rejection::Framing("it ends within the frame header"))?;
    let [compressed, length @ ..] = *head;
    if u32::from_be_bytes(length) as usize != message.len() {
        return Err(Rejection::Framing("its length differs from the length in the frame header"));
    }
    let coding = match (compressed, coding) {
        (0, _) => Coding::Identity,
        (1, Coding::Identity) => {
            return Err(Rejection::Framing(
                "it is compressed, but there is no grpc-encoding header",
            ));
        }
        (1, coding) => coding,
        _ => return Err(Rejection::Framing("its compression flag is neither 0 nor 1")),
    };
    held.bytes.drain(..FRAME_HEAD);
    Ok((held, coding))
}

fn success(refused_items: &RefusedItems) -> Response {
    let message = refused_items.response(Encoding::Protobuf);
    let mut frame = vec![0];
    // The text of the message is bounded, so its length always fits in 32 bits.
    frame.extend_from_slice(&(message.len() as u32).to_be_bytes());
    frame.extend_from_slice(&message);
    let trailers = HeaderMap::from_iter([(STATUS, HeaderValue::from_static("0"))]);
    let body = Full::from(frame).with_trailers(ready(Some(Ok(trailers))));
    let mut response = Response::new(Body::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    response
}

fn status(rejection: &Rejection) -> Status {
    let (code, message) = (rejection.grpc_code(), rejection.message());
    match rejection.retry_after() {
        Some(delay) => retry_info_details(code, &message, delay),
        None => Status::new(code, message),
    }
}
