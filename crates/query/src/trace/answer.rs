//! The answer for one whole trace.

use std::sync::Arc;

use coral_trace::{Span, TraceIdPrefix, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::redacted::{RedactedHop, placed};
use crate::trace_health::answer::{InferredLink, TraceProblem};
use crate::traces::answer::ServiceInstance;

/// One whole trace, with its spans.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Trace {
    /// The trace id: 32 lower-case hex digits. For a trace that is not stored, the digits that were
    /// asked for.
    #[serde(with = "crate::json::text")]
    #[schemars(with = "String")]
    pub trace_id: TraceIdPrefix,
    /// When the first span started. JSON: microseconds since the Unix epoch.
    #[serde(rename = "start_time_unix_us", with = "crate::json::micros")]
    #[schemars(with = "i64")]
    pub start: UnixNanos,
    /// From the start of the first span to the end of the last, in microseconds.
    pub duration_us: i64,
    /// How many spans of the trace are stored. `spans` may have fewer; see `spans_left_out`.
    pub span_count: u64,
    /// How many spans have the status `error`.
    pub error_count: u64,
    /// Every service that has a span in the trace, in depth-first order of the trace's tree.
    pub services: Vec<String>,
    /// Where each service ran: one object for each combination of service, host, version and pod of
    /// `spans`, by start time; at most 1,000.
    #[serde(default)]
    pub instances: Vec<ServiceInstance>,
    /// True when the trace has exactly one root, every named parent is stored, and no span is left
    /// out of this answer.
    pub complete: bool,
    /// The spans, sorted by start time, then by span id.
    pub spans: Vec<TraceSpan>,
    /// How many stored spans are not in `spans` because of the size limit of an answer. The spans
    /// with the latest start times are left out.
    #[serde(default)]
    pub spans_left_out: u64,
    /// Whether problems and inferred links were looked for (`examine`). If not, both lists are empty,
    /// and the trace is not known to be whole.
    #[serde(default)]
    pub examined: bool,
    /// What is wrong with the trace: spans that are missing or not linked, with the probable cause.
    /// The counts are of this trace. Empty for a whole trace.
    #[serde(default)]
    pub problems: Vec<TraceProblem>,
    /// Calls between this trace and others whose context was lost.
    #[serde(default)]
    pub inferred_links: Vec<InferredLink>,
    /// How many further spans the trace has, of services that the caller may not see. All other
    /// numbers are of the spans that the caller may see. Absent when there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub redacted: u64,
    /// The first of the further spans by start, without anything but times and places; at most
    /// 100,000. Absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redacted_hops: Vec<RedactedHop>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// One span of a [`Trace`], with all of its OTLP data.
///
/// In JSON, some values appear twice. `attributes` are text, and `typed_attributes` have JSON types.
/// Times are integer microseconds, and again nanoseconds in decimal text. JSON cannot represent
/// bytes, NaN and infinities: they are written as text, and read back as text.
#[derive(Clone, PartialEq, Debug)]
pub struct TraceSpan {
    /// The id of the agent that received the span.
    pub agent_id: Arc<str>,
    /// The span.
    pub span: Span,
}
