//! One whole trace.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One whole trace.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Trace {
    /// 32 lower-case hex digits.
    pub trace_id: String,
    /// Start of its first span, microseconds since the Unix epoch.
    pub start_time_unix_us: i64,
    /// From the start of its first span to the end of its last, microseconds.
    pub duration_us: i64,
    /// Spans stored; `spans` may be shorter, see `spans_left_out`.
    pub span_count: u64,
    /// Spans whose status is `error`.
    pub error_count: u64,
    /// Every service that has a span in it, in the order in which its tree is read.
    pub services: Vec<String>,
    /// One root, every parent that a span names is stored, and no span is left out here.
    pub complete: bool,
    /// Spans by start time, then id.
    pub spans: Vec<Span>,
    /// Spans stored and not in `spans`, because a trace is answered up to a limit: the latest by start.
    #[serde(default)]
    pub spans_left_out: u64,
}

/// One span of a [`Trace`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Span {
    /// 32 lower-case hex digits.
    pub trace_id: String,
    /// 16 lower-case hex digits.
    pub span_id: String,
    /// 16 lower-case hex digits; null for a root.
    pub parent_span_id: Option<String>,
    /// The agent that received it.
    pub agent_id: String,
    /// `service.name`, or `unknown_service`.
    pub service_name: String,
    /// The operation.
    pub span_name: String,
    /// `internal`, `server`, `client`, `producer` or `consumer`.
    pub span_kind: String,
    /// Microseconds since the Unix epoch.
    pub start_time_unix_us: i64,
    /// Microseconds; 0 when it ended before it began.
    pub duration_us: i64,
    /// HTTP or gRPC response status; null when there is none.
    pub status_code: Option<u16>,
    /// `unset`, `ok` or `error`.
    pub span_status: String,
    /// Attributes as text; lists and maps as JSON.
    pub attributes: BTreeMap<String, String>,
    /// `ebpf` or `sdk`: who made the span.
    pub source: String,
    /// One of Beyla's `in queue` and `processing` children, which trees see through.
    #[serde(default)]
    pub virtual_hop: bool,
}
