//! The answer to why a service or a trace is slow.

pub use coral_trace::explain::{CauseKind, Reason, Verdict};
use coral_trace::{SpanId, TraceId, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coverage::Coverage;
use crate::json;
use crate::sampling::answer::SampledSpans;

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
    /// Further causes: suspects that remain after everything that the first suspect explains is
    /// subtracted. Each is a cause by the same rules as the first. Empty without a cause.
    #[serde(default)]
    pub further_causes: Vec<WhySuspect>,
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
    /// The part of the window's traces of which no parent span is missing, except that of the
    /// topmost span: 0 to 1. A trace from the time of a gap that leaves spans of its operation out
    /// is not complete. Below 0.5 there is not enough evidence.
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
    /// The spans of services in the compared traces of which only a share is recorded, in the window
    /// or in the baseline. Numbers of traces, and rates of `ranking`, are those of recorded traces.
    /// Absent where everything is recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sampled: Vec<SampledSpans>,
    /// The start of the stored span that was received first; null unless the baseline is empty and
    /// began before that time. Microseconds since the Unix epoch.
    #[serde(default, rename = "stored_since_unix_us", with = "json::micros_or_null")]
    #[schemars(with = "Option<i64>")]
    pub stored_since: Option<UnixNanos>,
}

/// A service that may be the cause.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WhySuspect {
    /// The name of the service. A database or an external host has the name that its callers use.
    pub service: String,
    /// The component of the service that is most suspicious: an operation, or caller, service and
    /// operation.
    pub component: String,
    /// For a call between two services, the other end, if nothing tells which of the two is to
    /// blame; null otherwise.
    #[serde(default)]
    pub or_service: Option<String>,
    /// How the component changed: `own`, `edge`, `leaf`, `queue`, `missing`, `error`, `repeated`,
    /// `more_often` or `new`.
    #[serde(with = "json::CauseKindJson")]
    pub kind: CauseKind,
    /// The part of the added time that this service accounts for: 0 to 1.
    pub share: f64,
    /// How suspicious the service is: the natural logarithm of the factor by which its time grew,
    /// reduced where the evidence is weak and weighted by its share of the added time, plus the
    /// weight of its strongest change among failing, missing, new and repeated calls. A cause has a score of at least 0.405.
    pub score: f64,
    /// How long the component takes, before and now; null for a component that does not take
    /// longer.
    #[serde(default)]
    pub times: Option<WhyTimes>,
    /// How often the component does what its kind says, such as failing; null for a component that
    /// takes longer.
    #[serde(default)]
    pub rates: Option<WhyRates>,
    /// Spans that show the problem, worst first.
    pub evidence: Vec<WhyEvidence>,
}

/// The time of a component in one trace, in microseconds: the mean of P50, P75 and P90.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WhyTimes {
    /// The time in the baseline, in microseconds.
    pub before_us: i64,
    /// The time in the window, in microseconds.
    pub now_us: i64,
}

/// How often a component does something, in the baseline and in the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WhyRates {
    /// The rate in the baseline.
    pub before: WhyRate,
    /// The rate in the window.
    pub now: WhyRate,
}

/// How often something happened, and how often it could have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct WhyRate {
    /// How often it happened.
    pub count: u64,
    /// How often it could have happened.
    pub of: u64,
}

impl WhyRate {
    /// The part: 0 to 1; 0 where it could not have happened.
    pub fn part(self) -> f64 {
        self.count as f64 / self.of.max(1) as f64
    }
}

/// An attribute value, of spans or of their resource, that slow or failing spans have in common.
/// Only spans of the first suspect's component are compared.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
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
    /// The numbers of slow or failing spans: those with the value, and all.
    #[serde(default)]
    pub affected_spans: WhyRate,
    /// The numbers of the component's other spans: those with the value, and all.
    #[serde(default)]
    pub other_spans: WhyRate,
    /// Further values of the same spans, such as the only host of a version.
    #[serde(default)]
    pub also: Vec<WhyValue>,
    /// Whether the value accounts for the fault: at least 80% of the slow or failing spans have the
    /// value, and it says where the fault is, such as a host, not how it looks, such as a status
    /// code.
    #[serde(default)]
    pub explains: bool,
    /// How long the component takes at spans with the value, and at spans without. Null for a
    /// component that does not take longer, and if fewer than 5 spans have the value or lack it.
    #[serde(default)]
    pub times: Option<WhyStandoutTimes>,
}

/// An attribute with its value as text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WhyValue {
    /// The attribute key.
    pub key: String,
    /// The attribute value, as text.
    pub value: String,
}

/// How long a component takes at spans with an attribute value and at those without.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WhyStandoutTimes {
    /// P50 of the window's spans with the value, in microseconds.
    pub with_us: i64,
    /// P50 of the spans of window and baseline without the value, in microseconds.
    pub without_us: i64,
    /// The value of the same attribute at the spans without the value, if all have the same; null
    /// otherwise.
    pub other_value: Option<String>,
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
