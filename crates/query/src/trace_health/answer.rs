//! Whether traces are whole, and what is wrong with those that are not.

pub use coral_trace::wholeness::{Cause as TraceProblemCause, ProblemKind as TraceProblemKind};
use coral_trace::{SpanId, TraceId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coverage::Coverage;
use crate::json;

/// Whether the traces of a window are whole.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TraceHealth {
    /// The service that was asked about; empty when all services were.
    pub service: String,
    /// How many traces were examined.
    pub traces: u64,
    /// How many of them have no problem.
    pub whole: u64,
    /// How many spans the traces should have: `seen_spans + missing_spans`.
    pub expected_spans: u64,
    /// How many spans of the traces are stored.
    pub seen_spans: u64,
    /// How many spans are known to be missing: parents that spans name, and server spans of calls.
    pub missing_spans: u64,
    /// The part of all traces that a sampler keeps, if the trace ids show one: 0 to 1. Null: none is
    /// seen.
    pub sampling_ratio: Option<f64>,
    /// What is wrong, the most frequent first.
    pub problems: Vec<TraceProblem>,
    /// The spans of each service, sorted by name.
    pub services: Vec<ServiceHealth>,
    /// The calls of each edge, sorted by caller, callee and protocol.
    pub edges: Vec<EdgeHealth>,
    /// Whether the window has more traces than were examined. Those that were are spread over the
    /// window.
    pub cut: bool,
    /// How many traces were not examined because they have too many spans: all examined traces
    /// together have at most 100,000 spans, and at most 5,000 in each twentieth of a busy window.
    #[serde(default)]
    pub oversized_traces: u64,
    /// Services with similar names, when the service that was asked about has no spans.
    pub did_you_mean: Vec<String>,
    /// The gaps in what was seen of agents in the window: their spans are missing here.
    pub coverage: Vec<Coverage>,
}

/// The spans of one service.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ServiceHealth {
    /// The name of the service.
    pub service: String,
    /// What made its spans: `ebpf`, `sdk` or both.
    pub sources: Vec<String>,
    /// How many spans the service should have: `seen + missing`.
    pub expected: u64,
    /// How many spans are stored.
    pub seen: u64,
    /// How many spans are known to be missing.
    pub missing: u64,
    /// How many spans name a parent that is not stored.
    pub orphans: u64,
    /// How many server spans begin a trace of their own, although a client span called them.
    pub cut_roots: u64,
}

/// The calls from one service to another over one protocol.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EdgeHealth {
    /// The calling service.
    pub caller: String,
    /// The called service, or a loopback address at which no service is known.
    pub callee: String,
    /// The protocol: `http`, `grpc` or another RPC system.
    pub protocol: String,
    /// How many calls were made, and should have a server span: `linked + unlinked + missing`.
    pub expected: u64,
    /// How many calls have a server span below their client span.
    pub linked: u64,
    /// How many calls have both sides stored, but not linked.
    pub unlinked: u64,
    /// How many calls have no server span.
    pub missing: u64,
    /// By how many microseconds the callee's clock is ahead of the caller's; negative when it is
    /// behind. Null when the clocks agree within 5 ms, or no call is linked.
    pub clock_ahead_us: Option<i64>,
}

/// One problem of one service or edge, with its probable cause.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TraceProblem {
    /// What is wrong: `cut_root`, `missing_server`, `orphan`, `detached_call`, `cross_stitched`,
    /// `endless` or `outside_call`.
    #[serde(with = "json::TraceProblemKindJson")]
    pub kind: TraceProblemKind,
    /// The probable cause: `no_propagation`, `old_connection`, `tls`, `proxy`, `thread_hand_over`,
    /// `foreign_context`, `sdk_excluded`, `not_instrumented`, `caller_not_observed`, `sampling`,
    /// `lag`, `clock`, `context_reuse` or `not_exported`.
    #[serde(with = "json::TraceProblemCauseJson")]
    pub cause: TraceProblemCause,
    /// The service: for a call, the callee, or the loopback address of the callee.
    pub service: String,
    /// The calling service; null when the problem is not about a call, or the caller is not known.
    pub caller: Option<String>,
    /// The protocol of the call; null when the problem is not about a call.
    pub protocol: Option<String>,
    /// How many calls, spans or traces have the problem.
    pub count: u64,
    /// Of how many: the calls of the edge, the spans of the service, or the traces.
    pub of: u64,
    /// Up to three spans that show the problem, the latest first.
    pub examples: Vec<TraceProblemExample>,
}

/// A client span and a server span of two traces that are the two sides of one call: protocol,
/// operation, address and time leave no other possibility. Inferred links are for display: they are
/// never stored, and no count uses them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct InferredLink {
    /// The trace id of the client span.
    #[serde(with = "json::text")]
    #[schemars(with = "String")]
    pub client_trace_id: TraceId,
    /// The span id of the client span.
    #[serde(with = "json::text")]
    #[schemars(with = "String")]
    pub client_span_id: SpanId,
    /// The calling service.
    pub client_service: String,
    /// The trace id of the server span.
    #[serde(with = "json::text")]
    #[schemars(with = "String")]
    pub server_trace_id: TraceId,
    /// The span id of the server span.
    #[serde(with = "json::text")]
    #[schemars(with = "String")]
    pub server_span_id: SpanId,
    /// The called service.
    pub server_service: String,
    /// The name of the server span: the operation.
    pub server_operation: String,
    /// How long the server span took, in microseconds.
    pub server_duration_us: i64,
}

/// A span that shows a problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TraceProblemExample {
    /// The trace id of the span.
    #[serde(with = "json::text")]
    #[schemars(with = "String")]
    pub trace_id: TraceId,
    /// The span id: of a call, that of the client span.
    #[serde(with = "json::text")]
    #[schemars(with = "String")]
    pub span_id: SpanId,
    /// The trace id of the server span of a call, which may be another; null when there is none.
    #[serde(with = "json::text_or_null")]
    #[schemars(with = "Option<String>")]
    pub peer_trace_id: Option<TraceId>,
    /// The span id of the server span of a call; null when there is none.
    #[serde(with = "json::text_or_null")]
    #[schemars(with = "Option<String>")]
    pub peer_span_id: Option<SpanId>,
    /// Whether no other span can be the server span. Without a link, the two sides of a call are
    /// joined by operation and time, and calls at the same time may have exchanged sides.
    pub peer_is_certain: bool,
}
