//! A list of traces.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A page of traces.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TraceList {
    /// In the order that was asked for.
    pub traces: Vec<TraceSummary>,
    /// More traces match than `limit` let through, or than one answer may hold.
    pub more: bool,
}

/// One line of a [`TraceList`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TraceSummary {
    /// 32 lower-case hex digits.
    pub trace_id: String,
    /// Start of its first span, microseconds since the Unix epoch.
    pub start_time_unix_us: i64,
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
    /// Why it was slow, in a few words: `card-validator-svc timeout (4.8s)`. Null when that was not asked, or cannot be told.
    pub root_cause: Option<String>,
}
