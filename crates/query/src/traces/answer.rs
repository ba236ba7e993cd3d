//! The answer for a list of traces.

use coral_trace::{SpanId, TraceId, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::instance::ServiceInstance;
use crate::coverage::Coverage;

/// Traces that match a question.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TraceList {
    /// The traces, newest or slowest first, as the question's `sort` says.
    pub traces: Vec<TraceSummary>,
    /// Whether more traces match than `limit`, or the size limit of an answer, allowed.
    pub more: bool,
    /// The question's `after` for the next page, an opaque text; null if no more traces match. Pages
    /// together are the list without limit, unless spans arrive or expire meanwhile.
    #[serde(default)]
    pub next: Option<String>,
    /// Services of a similar name, when no trace matches because no span in the window is of the
    /// service that was asked for: at most three, the most alike first.
    #[serde(default)]
    pub did_you_mean: Vec<String>,
    /// The gaps in what was seen of agents, from the earliest listed trace on, or in the time range
    /// of the question if no trace is listed; in at most 24 hours.
    #[serde(default)]
    pub coverage: Vec<Coverage>,
    /// Keys and values of the question that no span has, when no trace matches; or the key `by` if no
    /// span that was counted has it.
    #[serde(default)]
    pub unmatched: Vec<Unmatched>,
    /// The spans that meet the conditions, by the key `by` of the question; null without `by`.
    #[serde(default)]
    pub groups: Option<Groups>,
}

/// Spans by the value of a key.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Groups {
    /// The key.
    pub by: String,
    /// One group for each value, those with the most errors first, then those with the most spans.
    pub groups: Vec<Group>,
    /// In how many traces spans were counted: all that match, or the first 10,000 of the list.
    pub traces: u64,
    /// Whether further traces, spans or values match that were not counted.
    pub more: bool,
    /// How many further groups there are, beyond the question's `limit`.
    #[serde(default)]
    pub left_out: u64,
}

/// The spans with one value of a key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// The value as text, cut to 500 bytes; null for spans without the key.
    pub value: Option<String>,
    /// How many spans meet the conditions.
    pub spans: u64,
    /// How many of the spans have the status `error`.
    pub errors: u64,
    /// In how many traces the spans are.
    pub traces: u64,
    /// The median of the spans' durations in microseconds: exact, by nearest rank.
    pub p50_us: i64,
    /// The 95th percentile of the spans' durations in microseconds: exact, by nearest rank.
    pub p95_us: i64,
}

/// A key of a search that no span has, or a value that no span has under its key.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Unmatched {
    /// The key: `service`, `name`, or the key of an attribute.
    pub key: String,
    /// The value that no span has; null when no span has the key.
    pub value: Option<String>,
    /// Keys, or values of the key, that spans have: the most alike first, at most three.
    pub similar: Vec<String>,
    /// Whether the search compares numbers, and all values of the key are text. Then `similar` has
    /// examples.
    pub is_text: bool,
    /// How many spans were looked at: those of the newest traces in the time range.
    pub spans: u64,
}

/// One trace of a list.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TraceSummary {
    /// The trace id: 32 lower-case hex digits.
    #[serde(with = "crate::json::text")]
    #[schemars(with = "String")]
    pub trace_id: TraceId,
    /// When the first span started. JSON: microseconds since the Unix epoch.
    #[serde(rename = "start_time_unix_us", with = "crate::json::micros")]
    #[schemars(with = "i64")]
    pub start: UnixNanos,
    /// From the start of the first span to the end of the last, in microseconds.
    pub duration_us: i64,
    /// How many spans of the trace are stored.
    pub span_count: u64,
    /// How many spans have the status `error`.
    pub error_count: u64,
    /// Every service that has a span in the trace, sorted by name.
    pub services: Vec<String>,
    /// The service of the root span; null when no root was received.
    pub root_service: Option<String>,
    /// The name of the root span; when no root was received, the name of the earliest span.
    pub root_operation: String,
    /// The HTTP or gRPC response status code of the root span; null when there is none.
    pub status_code: Option<u16>,
    /// The resource attribute `host.name` of the root span; of the earliest span when no root was
    /// received. Null if there is none, or if the list has so many spans that they were not read.
    #[serde(default)]
    pub root_host: Option<String>,
    /// The resource attribute `service.version` of the same span; null as `root_host`.
    #[serde(default)]
    pub root_version: Option<String>,
    /// The resource attribute `k8s.pod.name` of the same span; null as `root_host`.
    #[serde(default)]
    pub root_pod: Option<String>,
    /// The root cause of the trace being slow. Null when `causes` was not asked for, when the trace
    /// is no slower than usual (see `usual_us`), or when no cause was found.
    #[serde(default)]
    pub cause: Option<TraceCause>,
    /// The longest duration that is usual for traces of the same root operation, in microseconds. A
    /// trace up to this duration has no cause, unless a call failed, timed out or was repeated. Null
    /// when `causes` was not asked for, no root was received, or fewer than ten such traces are known.
    #[serde(default)]
    pub usual_us: Option<i64>,
    /// The deepest failing span. Null if no span fails, or if the list has so many failing traces,
    /// or the trace so many spans, that the spans were not read.
    #[serde(default)]
    pub failure: Option<TraceFailure>,
}

/// The deepest failing span of a trace: a failing span none of whose descendants fails. Of several,
/// one whose failure every span above shares (except internal spans) comes first, then one on the
/// critical path, then the one that ended first. Texts are cut to 500 bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TraceFailure {
    /// The span id: 16 lower-case hex digits.
    #[serde(with = "crate::json::text")]
    #[schemars(with = "String")]
    pub span_id: SpanId,
    /// The service of the span.
    pub service: String,
    /// The name of the span.
    pub operation: String,
    /// The callee, if the span is a call that failed only at the caller, or whose callee has no
    /// span; else null.
    pub callee: Option<String>,
    /// The HTTP or gRPC response status code; null when there is none. HTTP status 0 means no
    /// response.
    pub status_code: Option<u16>,
    /// The error code of a database, or else `error.type`; null when there is none.
    pub error_type: Option<String>,
    /// The status message of the span; null when there is none.
    pub message: Option<String>,
    /// The `exception.type` of the last exception event of the span; null when there is none.
    #[serde(default)]
    pub exception_type: Option<String>,
    /// The `exception.message` of the same event; null when there is none.
    #[serde(default)]
    pub exception_message: Option<String>,
    /// The resource attribute `host.name` of the span; null when there is none.
    #[serde(default)]
    pub host: Option<String>,
    /// The resource attribute `service.version` of the span; null when there is none.
    #[serde(default)]
    pub version: Option<String>,
    /// The resource attribute `k8s.pod.name` of the span; null when there is none.
    #[serde(default)]
    pub pod: Option<String>,
}

/// Why one trace was slow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TraceCause {
    /// The service in which the time was lost. A database or an external host has the name that its
    /// caller uses.
    pub service: String,
    /// The operation of the service, or the operation that its caller asked for.
    pub operation: String,
    /// How the time was lost.
    pub loss: TraceLoss,
    /// How much time of the critical path was lost, in microseconds.
    pub took_us: i64,
}

/// How a trace lost its time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TraceLoss {
    /// The call timed out.
    Timeout,
    /// The call failed.
    Failure {
        /// The status, code or type of the error; null when the span has none.
        code: Option<String>,
    },
    /// The call failed and was made again.
    Retries {
        /// How many calls there were beyond the typical number.
        calls: u32,
    },
    /// The same call was made many times, without failures: an N+1 pattern.
    Repeated {
        /// How many calls there were in all.
        calls: u32,
    },
    /// The service took longer in its own work.
    Own,
    /// The time between the caller's span and the span of the called service grew.
    Edge,
    /// A callee without spans of its own, such as a database, took longer.
    Leaf,
    /// The request waited in a queue before the service began to work on it.
    Queue,
}
