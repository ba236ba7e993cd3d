//! The answer of a comparison.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coverage::Coverage;
use crate::why::answer::WhyEvidence;

/// Two traces, or two sets of traces, beside each other.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// What was asked about.
    pub a: ComparedSide,
    /// What it is compared with.
    pub b: ComparedSide,
    /// Whether `rows` are a tree: both sides have the same topmost operation.
    pub aligned: bool,
    /// Why the sides are not aligned; null if they are.
    pub not_aligned: Option<NotAligned>,
    /// The P50 of the durations of `a` minus that of `b`, in microseconds.
    pub delta_us: i64,
    /// The operations, aligned by service, name, kind and the path of operations above, depth first.
    /// If not aligned, without paths, those whose own time differs most first. At most 2,000.
    pub rows: Vec<ComparedRow>,
    /// How many further operations there are; their own times differ least.
    pub rows_left_out: u64,
    /// Values of attributes of spans and resources that differ most between the sides, at most 20.
    /// A key with a value of its own for most traces, such as a request id, is left out.
    pub attributes: Vec<ComparedAttribute>,
    /// The gaps in what was seen of agents in the time of the traces.
    #[serde(default)]
    pub coverage: Vec<Coverage>,
}

/// One side of a comparison.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ComparedSide {
    /// Whether the side is one trace or a set of traces.
    pub kind: ComparedKind,
    /// The id of the trace; null for a set.
    pub trace_id: Option<String>,
    /// The search of the set; null for a trace and for healthy traces.
    pub q: Option<String>,
    /// Whether the traces are healthy ones of the operation of `a`: the faster half of those without
    /// a failed span, if there are any.
    pub healthy: bool,
    /// How many traces are compared.
    pub traces: u64,
    /// The service of the topmost span of most traces; null without traces.
    pub service: Option<String>,
    /// The name of that span; null without traces.
    pub operation: Option<String>,
    /// P50 of the durations of the traces, in microseconds.
    pub duration_p50_us: i64,
    /// P95 of these durations, in microseconds.
    pub duration_p95_us: i64,
    /// Ids of at most five of the traces.
    pub example_trace_ids: Vec<String>,
    /// Whether there are more traces, or spans of a trace, than are compared.
    pub cut: bool,
}

/// What a side of a comparison is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComparedKind {
    /// One trace.
    #[default]
    Trace,
    /// A set of traces.
    Traces,
}

/// Why the sides of a comparison are not aligned.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotAligned {
    /// `a` has no traces.
    NoTracesInA,
    /// `b` has no traces.
    NoTracesInB,
    /// The topmost operations of the sides differ.
    DifferentOperations,
}

/// An operation on both sides.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ComparedRow {
    /// How many operations are above it; 0 if not aligned.
    pub depth: u64,
    /// The service.
    pub service: String,
    /// The name of the operation.
    pub name: String,
    /// The kind of its span: `internal`, `server`, `client`, `producer` or `consumer`.
    pub kind: String,
    /// How long it takes in `a`; null if no trace of `a` has it.
    pub a: Option<ComparedTimes>,
    /// How long it takes in `b`; null if no trace of `b` has it.
    pub b: Option<ComparedTimes>,
    /// `p50_us` of `a` minus that of `b`; null unless both have it.
    pub delta_us: Option<i64>,
    /// The part of the answer's `delta_us` that its own time accounts for: the difference of the P50s
    /// of its own time in all traces, where a trace without it counts as 0. Null without a
    /// difference.
    pub share: Option<f64>,
}

/// How long an operation takes on one side.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ComparedTimes {
    /// How many traces have the operation.
    pub traces: u64,
    /// How often such a trace has it, on average.
    pub calls: f64,
    /// P50 of its durations, in microseconds.
    pub p50_us: i64,
    /// P95 of its durations, in microseconds.
    pub p95_us: i64,
    /// P50 of its own times, without the operations below, in microseconds.
    pub self_p50_us: i64,
    /// How many of its spans failed.
    pub errors: u64,
    /// The span that took longest.
    pub example: WhyEvidence,
}

/// A value of an attribute on both sides.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ComparedAttribute {
    /// The service whose spans, or whose resource, have the attribute.
    pub service: String,
    /// The key.
    pub key: String,
    /// The value, as text.
    pub value: String,
    /// How many traces of `a` have a span of the service with this value.
    pub a: u64,
    /// How many traces of `a` have a span of the service.
    pub a_of: u64,
    /// How many traces of `b` have a span of the service with this value.
    pub b: u64,
    /// How many traces of `b` have a span of the service.
    pub b_of: u64,
}
