//! The JSON of traces.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Value as Json;

use crate::otlp_json::scalar::{integer, nullable};

/// The traces of `body`: an answer of Jaeger's API, an array of traces, or one trace.
///
/// # Errors
/// The line and the column of what is not as expected.
pub(super) fn traces(body: &[u8]) -> Result<Vec<TraceJson>, serde_json::Error> {
    if body.trim_ascii_start().first() == Some(&b'[') {
        return serde_json::from_slice(body);
    }
    let Object { data, spans, processes } = serde_json::from_slice(body)?;
    match (data, spans) {
        (Some(traces), _) => Ok(traces),
        (None, Some(spans)) => Ok(vec![TraceJson { spans, processes }]),
        (None, None) => Err(serde_json::Error::custom(
            "expected an object with `data`, a trace, or an array of traces",
        )),
    }
}

/// An answer of Jaeger's API has `data`; a trace has `spans`.
#[derive(Deserialize)]
struct Object {
    data: Option<Vec<TraceJson>>,
    spans: Option<Vec<SpanJson>>,
    #[serde(default, deserialize_with = "nullable")]
    processes: HashMap<String, ProcessJson>,
}

#[derive(Deserialize)]
pub(super) struct TraceJson {
    pub spans: Vec<SpanJson>,
    #[serde(default, deserialize_with = "nullable")]
    pub processes: HashMap<String, ProcessJson>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ProcessJson {
    #[serde(deserialize_with = "nullable")]
    pub service_name: String,
    #[serde(deserialize_with = "nullable")]
    pub tags: Vec<TagJson>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct SpanJson {
    #[serde(rename = "traceID", deserialize_with = "nullable")]
    pub trace_id: String,
    #[serde(rename = "spanID", deserialize_with = "nullable")]
    pub span_id: String,
    /// Only JSON of older versions has it.
    #[serde(rename = "parentSpanID", deserialize_with = "nullable")]
    pub parent_span_id: String,
    #[serde(deserialize_with = "integer")]
    pub flags: u32,
    #[serde(deserialize_with = "nullable")]
    pub operation_name: String,
    #[serde(deserialize_with = "nullable")]
    pub references: Vec<ReferenceJson>,
    /// Microseconds since the Unix epoch.
    #[serde(deserialize_with = "integer")]
    pub start_time: u64,
    /// Microseconds.
    #[serde(deserialize_with = "integer")]
    pub duration: u64,
    #[serde(deserialize_with = "nullable")]
    pub tags: Vec<TagJson>,
    #[serde(deserialize_with = "nullable")]
    pub logs: Vec<LogJson>,
    #[serde(rename = "processID", deserialize_with = "nullable")]
    pub process_id: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ReferenceJson {
    pub ref_type: String,
    #[serde(rename = "traceID")]
    pub trace_id: String,
    #[serde(rename = "spanID")]
    pub span_id: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct LogJson {
    /// Microseconds since the Unix epoch.
    #[serde(deserialize_with = "integer")]
    pub timestamp: u64,
    #[serde(deserialize_with = "nullable")]
    pub fields: Vec<TagJson>,
}

#[derive(Deserialize)]
pub(super) struct TagJson {
    pub key: String,
    /// `string`, `bool`, `int64`, `float64` or `binary`; empty in hand-made files.
    #[serde(default, rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub value: Json,
}
