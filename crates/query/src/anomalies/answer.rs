//! What changed since the baseline.

use coral_trace::explain;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::why::answer::WhyEvidence;

/// What changed between a baseline and the window after it, of all services.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Anomalies {
    /// The highest score first. Scores of different kinds compare roughly: 1 is a cause's.
    pub anomalies: Vec<Anomaly>,
    /// Traces of the window that were looked at; of edges all are.
    pub traces: u64,
    /// Traces of the baseline that were looked at.
    pub baseline_traces: u64,
    /// Further changes, which score less.
    pub left_out: u64,
    /// There were more traces than were looked at.
    pub cut: bool,
}

/// One change.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Anomaly {
    /// How it changed.
    pub kind: AnomalyKind,
    /// Whose it is; of an edge the caller.
    pub service: String,
    /// The operation, or the caller, the callee and the operation.
    pub component: String,
    /// How much it says; see the kind.
    pub score: f64,
    /// Before: of `slower` microseconds; of edges calls; of the others how often it happened, 0 to 1.
    pub before: f64,
    /// Now, likewise.
    pub now: f64,
    /// Where to see it; of `vanished_edge` in the baseline.
    pub evidence: Vec<WhyEvidence>,
}

/// How something changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnomalyKind {
    /// The component takes longer.
    Slower,
    /// The component fails more often, and nothing below it does.
    Errors,
    /// The operation stops before it has called what it used to call.
    MissingChild,
    /// The callee is called again and again, and fails.
    RetryStorm,
    /// The callee is called again and again.
    NPlusOne,
    /// More of the caller's requests call the callee.
    MoreOften,
    /// The caller's requests call the callee, and did not.
    NewCall,
    /// The service map has an edge that it had not.
    NewEdge,
    /// The service map lacks an edge that it had.
    VanishedEdge,
}

impl AnomalyKind {
    /// As JSON spells it: `slower`, `errors`, `missing_child`, `retry_storm`, `n_plus_one`, `more_often`, `new_call`,
    /// `new_edge` or `vanished_edge`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slower => "slower",
            Self::Errors => "errors",
            Self::MissingChild => "missing_child",
            Self::RetryStorm => "retry_storm",
            Self::NPlusOne => "n_plus_one",
            Self::MoreOften => "more_often",
            Self::NewCall => "new_call",
            Self::NewEdge => "new_edge",
            Self::VanishedEdge => "vanished_edge",
        }
    }
}

impl From<explain::AnomalyKind> for AnomalyKind {
    fn from(kind: explain::AnomalyKind) -> Self {
        match kind {
            explain::AnomalyKind::Slower => Self::Slower,
            explain::AnomalyKind::Errors => Self::Errors,
            explain::AnomalyKind::MissingChild => Self::MissingChild,
            explain::AnomalyKind::RetryStorm => Self::RetryStorm,
            explain::AnomalyKind::NPlusOne => Self::NPlusOne,
            explain::AnomalyKind::MoreOften => Self::MoreOften,
            explain::AnomalyKind::NewCall => Self::NewCall,
        }
    }
}
