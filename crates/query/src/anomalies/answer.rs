//! What changed since the baseline.

use coral_trace::{UnixNanos, explain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coverage::Coverage;
use crate::json;
use crate::why::answer::WhyEvidence;

/// What changed between a baseline and the window after the baseline, in all services.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Anomalies {
    /// The changes, highest score first; at most 50. Scores of different kinds are roughly
    /// comparable; a score of 1 is typical of a cause.
    pub anomalies: Vec<Anomaly>,
    /// How many traces of the window were compared. New and vanished edges are determined from all
    /// traces.
    pub traces: u64,
    /// How many traces of the baseline were compared.
    pub baseline_traces: u64,
    /// How many further changes were found, all with lower scores.
    pub left_out: u64,
    /// Whether the window or the baseline has more traces than were compared.
    pub cut: bool,
    /// When the change began that the window and the baseline are divided by: microseconds since
    /// the Unix epoch; null when no beginning was found, or none was asked for.
    #[serde(default, rename = "began_unix_us", with = "json::micros_or_null")]
    #[schemars(with = "Option<i64>")]
    pub began: Option<UnixNanos>,
    /// The gaps in what was seen of agents in the window and in the baseline, and what was not
    /// compared because of them.
    #[serde(default)]
    pub coverage: Vec<Coverage>,
    /// The start of the stored span that was received first; null unless the baseline is empty and
    /// began before that time. Microseconds since the Unix epoch.
    #[serde(default, rename = "stored_since_unix_us", with = "json::micros_or_null")]
    #[schemars(with = "Option<i64>")]
    pub stored_since: Option<UnixNanos>,
}

/// One change between the baseline and the window.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Anomaly {
    /// The kind of change.
    pub kind: AnomalyKind,
    /// The service that changed; for an edge, the caller.
    pub service: String,
    /// The operation that changed, or the caller, the callee and the operation.
    pub component: String,
    /// How significant the change is, from 0; larger is more significant.
    pub score: f64,
    /// The value in the baseline: for `slower` microseconds, for edges calls, and for the other
    /// kinds the part of requests, from 0 to 1.
    pub before: f64,
    /// The value in the window, in the unit of `before`.
    pub now: f64,
    /// Spans that show the change: of the window, or for `vanished_edge` of the baseline.
    pub evidence: Vec<WhyEvidence>,
}

/// The kinds of changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnomalyKind {
    /// The component takes longer than in the baseline.
    Slower,
    /// The component fails more often, and the failures do not come from its callees.
    Errors,
    /// The operation ends without making a call that it used to make.
    MissingChild,
    /// The callee is called repeatedly and fails: a retry storm.
    RetryStorm,
    /// The callee is called repeatedly without failing: an N+1 pattern.
    NPlusOne,
    /// A larger part of the caller's requests call the callee.
    MoreOften,
    /// The caller's requests call a callee that they did not call in the baseline.
    NewCall,
    /// The service map has a new edge.
    NewEdge,
    /// An edge of the service map has disappeared.
    VanishedEdge,
}

impl AnomalyKind {
    /// The kind as JSON spells it: `slower`, `errors`, `missing_child`, `retry_storm`,
    /// `n_plus_one`, `more_often`, `new_call`, `new_edge` or `vanished_edge`.
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
