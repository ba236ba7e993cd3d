//! The answer to why a service or a trace is slow.

pub use coral_trace::explain::{CauseKind, Reason, Verdict};
use coral_trace::{SpanId, TraceId, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coverage::Coverage;
use crate::json;

/// Why a service, or one trace, is slower than its baseline or changed since.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Why {
    /// The service that was asked about; empty when all services were.
    pub service: String,
    /// The route or operation that was asked about; null when none was.
    pub route: Option<String>,
    /// The id of the trace that was asked about; null when none was.
    #[serde(with = "json::text_or_null")]
    #[schemars(with = "Option<String>")]
    pub trace_id: Option<TraceId>,
    /// Whether a cause was found: `cause`, `no_cause` or `not_enough_evidence`.
    #[serde(with = "json::VerdictJson")]
    pub verdict: Verdict,
    /// The reason for the verdict, with the numbers that decided it.
    #[serde(with = "json::ReasonJson")]
    pub because: Reason,
    /// Suspects, most suspicious first. Suspects may be listed even when the verdict names no
    /// cause. Their shares and `unattributed` add up to 1 when any time was added.
    pub ranking: Vec<WhySuspect>,
    /// Attribute values that the slow or failing spans of the first suspect have in common, and its
    /// other spans do not have.
    pub standouts: Vec<WhyStandout>,
    /// The part of the added time that no suspect in `ranking` accounts for: 0 to 1.
    pub unattributed: f64,
    /// How much longer the window's traces took than those of the baseline, in microseconds: the
    /// means of P50, P75 and P90 are compared. Negative when they were faster.
    pub slowdown_us: i64,
    /// The 95th percentile of the durations of the window's traces, in microseconds.
    pub p95_us: i64,
    /// What `p95_us` would be if the first suspect were as fast as in the baseline, in
    /// microseconds.
    pub counterfactual_p95_us: i64,
    /// The part of the window's traces that are complete, with no span missing: 0 to 1. A trace of
    /// which an agent could not be read is not complete.
    pub completeness: f64,
    /// How many traces had clocks that disagreed by a millisecond or more. Their span times were
    /// adjusted for this answer.
    pub clocks_adjusted: u64,
    /// How many traces of the window were compared.
    pub traces: u64,
    /// How many traces of the baseline were compared.
    pub baseline_traces: u64,
    /// Whether the window or the baseline has more traces than the 2,000 that are compared of each,
    /// spread over the time range.
    pub cut: bool,
    /// Services with similar names, when the service that was asked about has no traces.
    pub did_you_mean: Vec<String>,
    /// Other routes of the service, most similar first, when the service has traces but none of the
    /// route that was asked about.
    pub other_routes: Vec<String>,
    /// When the change began that the window and the baseline are divided by: microseconds since
    /// the Unix epoch; null when no beginning was found, or none was asked for.
    #[serde(default, rename = "began_unix_us", with = "json::micros_or_null")]
    #[schemars(with = "Option<i64>")]
    pub began: Option<UnixNanos>,
    /// The gaps in what was seen of agents in the window and in the baseline, and what was not
    /// compared because of them.
    #[serde(default)]
    pub coverage: Vec<Coverage>,
}

/// A service that may be the cause.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WhySuspect {
    /// The name of the service. A database or an external host has the name that its callers use.
    pub service: String,
    /// The component of the service that is most suspicious: an operation, or caller, service and
    /// operation.
    pub component: String,
    /// How the component changed: `own`, `edge`, `leaf`, `queue`, `missing`, `error`, `repeated`,
    /// `more_often` or `new`.
    #[serde(with = "json::CauseKindJson")]
    pub kind: CauseKind,
    /// The part of the added time that this service accounts for: 0 to 1.
    pub share: f64,
    /// How suspicious the service is. For a component that takes longer, the natural logarithm of
    /// the factor by which its time grew, reduced where the evidence is weak. A cause has a score
    /// of at least 0.405.
    pub score: f64,
    /// Spans that show the problem, worst first.
    pub evidence: Vec<WhyEvidence>,
}

/// An attribute value, of spans or of their resource, that slow spans have in common.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WhyStandout {
    /// The attribute key, such as `service.version`.
    pub key: String,
    /// The attribute value, as text.
    pub value: String,
    /// The part of the slow or failing spans that have the value: 0 to 1.
    pub affected: f64,
    /// The part of the component's other spans, of window and baseline, that have the value: 0 to
    /// 1.
    pub others: f64,
}

/// A span that shows a problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WhyEvidence {
    /// The trace id of the span.
    #[serde(with = "json::text")]
    #[schemars(with = "String")]
    pub trace_id: TraceId,
    /// The id of the span in which the time was lost, or which ended early.
    #[serde(with = "json::text")]
    #[schemars(with = "String")]
    pub span_id: SpanId,
}
