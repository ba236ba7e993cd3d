//! Requests, errors and durations over time as an answer.

use coral_trace::{SpanId, TraceId, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json;
use crate::red::{RedProtocol, RedSide, RedSource};

/// The requests of one service over time. Each list has one number for each step of the window, the
/// earliest first.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RequestSeries {
    /// The service, by its `service.name`.
    pub service: String,
    /// The protocol of the requests: `http`, `grpc` or `sql`.
    pub protocol: RedProtocol,
    /// `server` for requests that the service served, `client` for requests that it made.
    pub side: RedSide,
    /// What the requests were counted from: `metrics` or `spans`. Requests of metrics count in the
    /// step of the export that counted them, and those of spans in the step in which they began.
    pub source: RedSource,
    /// Start of the window and of the first step, microseconds since the Unix epoch.
    pub since_unix_us: i64,
    /// End of the window, exclusive, microseconds since the Unix epoch.
    pub until_unix_us: i64,
    /// Where the stored data begins, in microseconds since the Unix epoch: the start of the window,
    /// or later if all data is younger. Steps before have no requests because nothing is stored.
    pub covered_since_unix_us: i64,
    /// How long a step is, in microseconds.
    pub step_us: i64,
    /// How many requests there were in each step.
    pub requests: Vec<u64>,
    /// How many of them failed.
    pub errors: Vec<u64>,
    /// The median duration in microseconds; null without requests, or above `beyond_us`.
    pub p50_us: Vec<Option<i64>>,
    /// The 95th percentile of the durations in microseconds; null likewise.
    pub p95_us: Vec<Option<i64>>,
    /// The 99th percentile of the durations in microseconds; null likewise.
    pub p99_us: Vec<Option<i64>>,
    /// Percentiles of steps with requests that are null are above this many microseconds; null if
    /// all are known.
    pub beyond_us: Option<i64>,
    /// The slowest requests of each step that are known one by one, at most three a step, in the
    /// order of the steps: of metrics their exemplars, and else spans.
    pub exemplars: Vec<SeriesExemplar>,
    /// Services of a similar name, when no span in the window is of this one: at most three, the
    /// most alike first.
    #[serde(default)]
    pub did_you_mean: Vec<String>,
}

/// One request of a series.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SeriesExemplar {
    /// The trace id of the request.
    #[serde(with = "json::text")]
    #[schemars(with = "String")]
    pub trace_id: TraceId,
    /// The span id of the request's span, or of the span that was active when the request was
    /// measured.
    #[serde(with = "json::text")]
    #[schemars(with = "String")]
    pub span_id: SpanId,
    /// When the request was measured; of a span, when it began: microseconds since the Unix epoch.
    #[serde(rename = "time_unix_us", with = "json::micros")]
    #[schemars(with = "i64")]
    pub time: UnixNanos,
    /// How long the request took, in microseconds.
    pub duration_us: i64,
    /// Whether the request failed.
    pub error: bool,
    /// Whether the trace is stored. A trace that is not stored was not sampled, or has expired.
    pub stored: bool,
}
