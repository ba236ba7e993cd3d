//! A list of traces.

use coral_trace::{TraceId, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A page of traces.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TraceList {
    /// In the order that was asked for.
    pub traces: Vec<TraceSummary>,
    /// More traces match than `limit` let through, or than one answer may hold.
    pub more: bool,
    /// Services of a similar name, when no trace matches because no span in the window is of the service that was
    /// asked for: at most three, the most alike first.
    #[serde(default)]
    pub did_you_mean: Vec<String>,
}

/// One line of a [`TraceList`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TraceSummary {
    /// Its id: 32 lower-case hex digits.
    #[serde(with = "crate::json::text")]
    #[schemars(with = "String")]
    pub trace_id: TraceId,
    /// Start of its first span. JSON: microseconds since the Unix epoch.
    #[serde(rename = "start_time_unix_us", with = "crate::json::micros")]
    #[schemars(with = "i64")]
    pub start: UnixNanos,
    /// From the start of its first span to the end of its last, microseconds.
    pub duration_us: i64,
    /// Spans stored.
    pub span_count: u64,
    /// Spans whose status is `error`.
    pub error_count: u64,
    /// Every service that has a span in it, by name.
    pub services: Vec<String>,
    /// The root's service; null when no root was received.
    pub root_service: Option<String>,
    /// The root's name; that of the earliest span when no root was received.
    pub root_operation: String,
    /// The root's response status; null when there is none.
    pub status_code: Option<u16>,
    /// Why it was slow. Null when that was not asked, or cannot be told.
    #[serde(default)]
    pub cause: Option<TraceCause>,
}

/// Why one trace was slow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TraceCause {
    /// The service that lost the time; of a database or an external host, what its caller calls it.
    pub service: String,
    /// What the service was doing, or was asked.
    pub operation: String,
    /// How the time was lost.
    pub loss: TraceLoss,
    /// How much of the critical path was lost, microseconds.
    pub took_us: i64,
}

/// How a trace lost its time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TraceLoss {
    /// Nothing answered in time.
    Timeout,
    /// The call failed.
    Failure {
        /// The status, code or kind of error; null when the span names none.
        code: Option<String>,
    },
    /// The call failed and was repeated.
    Retries {
        /// Calls beyond what is typical.
        calls: u32,
    },
    /// The call did not fail and was repeated.
    Repeated {
        /// All calls.
        calls: u32,
    },
    /// The service itself worked longer.
    Own,
    /// The way to the service took longer.
    Edge,
    /// The service answered late.
    Leaf,
    /// The request waited before the service began to work on it.
    Queue,
}
