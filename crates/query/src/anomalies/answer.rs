//! What is otherwise than it was.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::WhyEvidence;

/// What is otherwise in a window than in the time before, of all services.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Anomalies {
    /// The highest score first. Scores of different kinds compare roughly: 1 is a cause's.
    pub anomalies: Vec<Anomaly>,
    /// Traces of the window that were looked at; of edges all are.
    pub traces: u64,
    /// Traces of the baseline that were looked at.
    pub baseline_traces: u64,
    /// So many more are otherwise, and score less.
    #[serde(default)]
    pub left_out: u64,
    /// There were more traces than were looked at.
    pub cut: bool,
}

/// One thing that is otherwise.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Anomaly {
    /// `slower`, `errors`, `missing_child`, `retry_storm`, `n_plus_one`, `more_often`, `new_call`, `new_edge` or `vanished_edge`.
    pub kind: String,
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
