//! One whole trace: what is answered, with whole spans.

use std::sync::Arc;

use coral_trace::{Span, TraceIdPrefix, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One whole trace.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Trace {
    /// Its id: 32 lower-case hex digits. Of a trace that is not stored, the digits that were asked for.
    #[serde(with = "crate::json::text")]
    #[schemars(with = "String")]
    pub trace_id: TraceIdPrefix,
    /// Start of its first span. JSON: microseconds since the Unix epoch.
    #[serde(rename = "start_time_unix_us", with = "crate::json::micros")]
    #[schemars(with = "i64")]
    pub start: UnixNanos,
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
    pub spans: Vec<TraceSpan>,
    /// Spans stored and not in `spans`, because a trace is answered up to a limit: the latest by start.
    #[serde(default)]
    pub spans_left_out: u64,
}

/// One span of a [`Trace`], with everything that OTLP said of it.
///
/// Its JSON has a value twice where programs and people read it differently: `attributes` are text, as in RFD 036,
/// and `typed_attributes` have their JSON types; times are whole microseconds as numbers, and nanoseconds as decimal
/// text. JSON has no form for bytes, NaN and infinities: they are text there, and come back as text.
#[derive(Clone, PartialEq, Debug)]
pub struct TraceSpan {
    /// The agent that received it.
    pub agent_id: Arc<str>,
    /// The span.
    pub span: Span,
}
