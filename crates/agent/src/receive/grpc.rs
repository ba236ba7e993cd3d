//! OTLP/gRPC: the unary methods `TraceService/Export` and `MetricsService/Export`.
//!
//! The body is read and limited here and not by tonic, so that both protocols obey the same
//! limits: tonic reserves what a frame announces before it has come, and answers a frame over the
//! limit with `OUT_OF_RANGE`, which OTLP exporters repeat forever.

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
use super::export::{self, Message, NotTaken, Signal};
use super::rejection::Rejection;
use crate::counters::Protocol;

const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
const MEDIA_TYPE: &str = "application/grpc";
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// A frame's head: one byte for "compressed", four for the length.
const FRAME_HEAD: usize = 5;

/// Whether a request with these headers is gRPC's.
pub(super) fn is_meant(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let rest = kind.strip_prefix(MEDIA_TYPE.as_bytes());
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// Answers one call.
pub(super) async fn answer(request: Request, receiver: &Arc<Receiver>) -> Response {
    let open = receiver.counters().request(Protocol::Grpc);
    let outcome = export(request, receiver).await;
    export::end(open, &outcome);
    let mut response = match outcome {
        Ok(not_taken) => success(&not_taken),
        Err(rejection) => status(&rejection).into_http(),
    };
    response.headers_mut().insert(ACCEPT_ENCODING, ACCEPTED);
    response
}

async fn export(request: Request, receiver: &Arc<Receiver>) -> Result<NotTaken, Rejection> {
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

/// Takes the head off the only frame of a unary call. `coding` holds for a compressed frame only.
fn unframe(mut held: HeldBody, coding: Coding) -> Result<(HeldBody, Coding), Rejection> {
    let (head, message) = held
        .bytes
        .split_first_chunk::<FRAME_HEAD>()
        .ok_or(Rejection::Framing("it ends within the frame's head"))?;
    let [compressed, length @ ..] = *head;
    if u32::from_be_bytes(length) as usize != message.len() {
        return Err(Rejection::Framing("its length is not the one announced"));
    }
    let coding = match (compressed, coding) {
        (0, _) => Coding::Identity,
        (1, Coding::Identity) => {
            return Err(Rejection::Framing("it is compressed, but no grpc-encoding says how"));
        }
        (1, coding) => coding,
        _ => return Err(Rejection::Framing("its compressed flag is neither 0 nor 1")),
    };
    held.bytes.drain(..FRAME_HEAD);
    Ok((held, coding))
}

fn success(not_taken: &NotTaken) -> Response {
    let message = not_taken.response(Encoding::Protobuf);
    let mut frame = vec![0];
    // Its text is bounded; it cannot come near 4 GiB.
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
