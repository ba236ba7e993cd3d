//! `POST /api/transform`: traces in OTLP's JSON, which a user has in a file, in the JSON of Jaeger's
//! user interface. Nothing is read from the store, and nothing is stored.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use coral_query::span_search::FoundTrace;
use coral_server::audit::AuditDetails;
use coral_server::door::body::BodyError;
use coral_trace::{Recogniser, Span, TraceId, chain};
use coral_wire::otlp_in::{self, Encoding};
use http::StatusCode;

use super::adjusted::Adjustment;
use super::envelope::{Refused, respond};
use super::legacy::traces_json;

/// Answers the traces of the body, in the order of their first spans.
pub(super) async fn transform(body: Result<Bytes, BytesRejection>) -> Response {
    let answer = match body {
        Err(error) => Err(match BodyError::of(&error) {
            Some(error) => Refused::Request(error.status(), error.to_string()),
            None => Refused::Request(error.status(), error.body_text()),
        }),
        Ok(body) => match tokio::task::spawn_blocking(move || transformed(&body)).await {
            Ok(answer) => answer,
            Err(panic) => {
                tracing::error!(%panic, "a transformation panicked");
                let reason = "the colony has an internal error".to_owned();
                Err(Refused::Request(StatusCode::INTERNAL_SERVER_ERROR, reason))
            }
        },
    };
    respond(answer, AuditDetails::default())
}

fn transformed(body: &[u8]) -> Result<Vec<u8>, Refused> {
    let decoded = otlp_in::decode(body, Encoding::Json, &Recogniser::default())
        .map_err(|error| Refused::invalid(format!("cannot unmarshal OTLP : {}", chain(&error))))?;
    if !decoded.refused.is_empty() {
        return Err(Refused::invalid(decoded.refused.message()));
    }
    traces_json(&by_trace(decoded.spans), Adjustment::Raw, Vec::new(), false)
}

fn by_trace(spans: Vec<Span>) -> Vec<FoundTrace> {
    let (mut places, mut traces) = (HashMap::<TraceId, usize>::new(), Vec::<FoundTrace>::new());
    for span in spans {
        let trace_id = span.trace_id;
        let at = *places.entry(trace_id).or_insert_with(|| {
            traces.push(FoundTrace { trace_id, spans: Vec::new(), spans_left_out: 0 });
            traces.len() - 1
        });
        traces[at].spans.push(span);
    }
    traces
}
