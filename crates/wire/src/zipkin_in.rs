//! Decodes the spans of Zipkin's v2 API: a JSON array.
//!
//! A span with an invalid id is refused alone, and counted with its reason. A body that is no array of
//! spans, or in which a member has a wrong type, is refused entirely, as by Zipkin. What OTLP has no field for is kept in attributes, so that
//! [`zipkin_out`](crate::zipkin_out) writes what was read; `docs/interop.md` lists what is lost.
//! Source: openzipkin/zipkin-api, `zipkin2-api.yaml`; opentelemetry-collector-contrib,
//! `pkg/translator/zipkin`.

mod convert;
mod halves;
mod intake;
mod tags;
#[cfg(test)]
mod tests;

use coral_trace::Recogniser;
use serde::Deserializer as _;

use crate::otlp::DecodeError;
use crate::otlp_in::DecodedSpans;
use crate::otlp_json::syntax_error;
use intake::{Intake, Traces};

/// Decodes `body`: uncompressed JSON. An empty body has no spans.
///
/// Of a call whose two halves have one span id, the server half gets an id of its own, and the client
/// half as its parent.
///
/// # Errors
/// [`DecodeError`] if the body as a whole cannot be read: no span is accepted. A span that cannot be
/// accepted is counted in [`DecodedSpans::refused`].
pub fn decode(body: &[u8], recogniser: &Recogniser) -> Result<DecodedSpans, DecodeError> {
    read(body, recogniser, |json, intake| json.deserialize_seq(intake))
}

/// Decodes an array of arrays of spans: the traces that an answer of Zipkin lists.
///
/// # Errors
/// As [`decode`].
pub fn decode_traces(body: &[u8], recogniser: &Recogniser) -> Result<DecodedSpans, DecodeError> {
    read(body, recogniser, |json, intake| json.deserialize_seq(Traces(intake)))
}

fn read(
    body: &[u8],
    recogniser: &Recogniser,
    list: impl FnOnce(&mut JsonReader<'_>, &mut Intake<'_>) -> serde_json::Result<()>,
) -> Result<DecodedSpans, DecodeError> {
    if body.trim_ascii().is_empty() {
        return Ok(DecodedSpans::default());
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut intake = Intake::new(recogniser);
    let read = list(&mut json, &mut intake).and_then(|()| json.end());
    read.map_err(|error| syntax_error(&error))?;
    Ok(intake.decoded())
}

type JsonReader<'a> = serde_json::Deserializer<serde_json::de::SliceRead<'a>>;
