//! Causes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a service, or one trace, is slower than, or otherwise than, it was.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Why {
    /// The service that was asked about; empty when all were.
    pub service: String,
    /// The route or operation, if one was asked about.
    pub route: Option<String>,
    /// The trace, if one was asked about.
    pub trace_id: Option<String>,
    /// `cause`, `no_cause` or `not_enough_evidence`.
    pub verdict: String,
    /// Why so: a sentence.
    pub reason: String,
    /// Suspects, most suspicious first; there may be some without a verdict too. Their shares and
    /// `unattributed` sum to 1 when anything was added.
    pub ranking: Vec<WhySuspect>,
    /// What the slow or failing spans of the first of `ranking` have in common that its others have not.
    #[serde(default)]
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
    #[serde(default)]
    pub other_routes: Vec<String>,
}

/// A service under suspicion.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct WhySuspect {
    /// Its name; of a database or an external host, what its callers call it.
    pub service: String,
    /// The operation, or the caller, the service and the operation, that is most suspicious.
    pub component: String,
    /// `own`, `edge`, `leaf`, `queue`, `missing`, `error`, `repeated`, `more_often` or `new`.
    pub kind: String,
    /// Its part of the added time: 0 to 1.
    pub share: f64,
    /// How suspicious it is: of what takes longer, the logarithm of how many times as long, less what speaks against
    /// it. A cause has at least 0.405.
    pub score: f64,
    /// Where to see it, worst first.
    pub evidence: Vec<WhyEvidence>,
}

impl WhySuspect {
    /// What it does, with its `component` as that is to be printed: `takes longer itself in `POST /validate``.
    pub fn in_words(&self, component: &str) -> String {
        // A component is `caller → callee operation`, and either may be the cause.
        let calls = self.component.starts_with(&format!("{} → ", self.service));
        match (self.kind.as_str(), calls) {
            ("own", _) => format!("takes longer itself in `{component}`"),
            ("edge", false) => format!("takes longer to be reached: {component}"),
            ("edge", true) => format!("takes longer to reach what it calls: {component}"),
            ("leaf", false) => format!("answers later: {component}"),
            ("leaf", true) => format!("waits longer for what it calls: {component}"),
            ("queue", _) => format!("lets `{component}` wait in its queue"),
            ("missing", _) => {
                format!("stops in `{component}` before it has called what it used to call")
            }
            ("error", _) => format!("fails, and nothing below it does: {component}"),
            ("repeated", false) => format!("is called again and again: {component}"),
            ("repeated", true) => format!("calls again and again: {component}"),
            ("more_often", _) => {
                format!("calls it in more of its requests than it did: {component}")
            }
            ("new", _) => format!("calls what it did not call: {component}"),
            (other, _) => format!("{other}: {component}"),
        }
    }
}

/// A value of an attribute of a span or its resource.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct WhyEvidence {
    /// 32 lower-case hex digits.
    pub trace_id: String,
    /// 16 lower-case hex digits; empty when the whole trace is meant.
    pub span_id: String,
}
