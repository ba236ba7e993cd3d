//! Causes.

pub use coral_trace::explain::{CauseKind, Reason, Verdict};
use coral_trace::{SpanId, TraceId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json;

/// Why a service, or one trace, is slower than its baseline or changed since.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Why {
    /// The service that was asked about; empty when all were.
    pub service: String,
    /// The route or operation, if one was asked about.
    pub route: Option<String>,
    /// The trace, if one was asked about.
    #[serde(with = "json::text_or_null")]
    #[schemars(with = "Option<String>")]
    pub trace_id: Option<TraceId>,
    /// `cause`, `no_cause` or `not_enough_evidence`.
    #[serde(with = "json::VerdictJson")]
    pub verdict: Verdict,
    /// Why the verdict is that, with the numbers that decided it.
    #[serde(with = "json::ReasonJson")]
    pub because: Reason,
    /// Suspects, most suspicious first; there may be some without a verdict too. Their shares and
    /// `unattributed` sum to 1 when anything was added.
    pub ranking: Vec<WhySuspect>,
    /// What the slow or failing spans of the first of `ranking` have in common that its others have not.
    pub standouts: Vec<WhyStandout>,
    /// The part of the added time that nobody in `ranking` added: 0 to 1.
    pub unattributed: f64,
    /// How much longer the traces took than at their baseline, microseconds; negative when they were faster.
    pub slowdown_us: i64,
    /// What 95% of the window's traces took at most, microseconds.
    pub p95_us: i64,
    /// What that would be with the first of `ranking` at its baseline, microseconds.
    pub counterfactual_p95_us: i64,
    /// The part of the window's traces that are in one piece: 0 to 1.
    pub completeness: f64,
    /// Traces whose clocks disagreed by a millisecond or more, and were adjusted for this answer.
    pub clocks_adjusted: u64,
    /// Traces of the window that were looked at.
    pub traces: u64,
    /// Traces of the baseline that were looked at.
    pub baseline_traces: u64,
    /// There were more traces than were looked at: 2,000 of the window, and of the baseline, were, from all of it.
    pub cut: bool,
    /// Services of a similar name, when this one has no trace.
    pub did_you_mean: Vec<String>,
    /// Other routes of the service, when it has traces, and none with this one: the most alike first.
    pub other_routes: Vec<String>,
}

/// A service under suspicion.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WhySuspect {
    /// Its name; of a database or an external host, what its callers call it.
    pub service: String,
    /// The operation, or the caller, the service and the operation, that is most suspicious.
    pub component: String,
    /// `own`, `edge`, `leaf`, `queue`, `missing`, `error`, `repeated`, `more_often` or `new`.
    #[serde(with = "json::CauseKindJson")]
    pub kind: CauseKind,
    /// Its part of the added time: 0 to 1.
    pub share: f64,
    /// How suspicious it is: of what takes longer, the logarithm of how many times as long, less what speaks against
    /// it. A cause has at least 0.405.
    pub score: f64,
    /// Where to see it, worst first.
    pub evidence: Vec<WhyEvidence>,
}

/// A value of an attribute of a span or its resource.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WhyStandout {
    /// The attribute, such as `service.version`.
    pub key: String,
    /// Its value, as text.
    pub value: String,
    /// The part of the slow or failing spans that have it: 0 to 1.
    pub affected: f64,
    /// The part of the others that have it, before and in the window: 0 to 1.
    pub others: f64,
}

/// A span to look at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WhyEvidence {
    /// The trace.
    #[serde(with = "json::text")]
    #[schemars(with = "String")]
    pub trace_id: TraceId,
    /// The span where the time went, or that was cut short.
    #[serde(with = "json::text")]
    #[schemars(with = "String")]
    pub span_id: SpanId,
}
