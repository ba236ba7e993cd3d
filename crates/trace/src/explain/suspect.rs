//! A suspect, and the evidence for it.

use std::time::Duration;

use super::names::CauseKind;
use crate::ids::{SpanId, TraceId};

/// A service that may be the cause.
#[derive(Clone, PartialEq, Debug)]
pub struct Suspect {
    /// The name of the service. A database or an external host without spans of its own has the
    /// name that its callers use.
    pub service: String,
    /// The most suspicious component of the service: an operation, or caller, callee and operation.
    pub component: String,
    /// For an edge, its other end, if nothing that both ends do tells which of them is to blame.
    pub or: Option<String>,
    /// How the component changed.
    pub kind: CauseKind,
    /// How the component differs from the baseline.
    pub difference: Difference,
    /// The part of the added time that the service accounts for: 0 to 1.
    pub share: f64,
    /// How suspicious the service is: see the module `score`.
    pub score: f64,
    /// Spans that show the problem, worst first; at most [`Suspect::MAX_EVIDENCE`].
    pub evidence: Vec<Evidence>,
}

/// How a component differs from the baseline.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Difference {
    /// The component takes longer: its time in one trace, as the mean of P50, P75 and P90.
    Time {
        /// The time in the baseline.
        before: Duration,
        /// The time in the window.
        now: Duration,
    },
    /// The component does something more often: fails, ends early, or makes a call.
    Rate {
        /// How often it did so in the baseline.
        before: Rate,
        /// How often it does so in the window.
        now: Rate,
    },
}

/// How often something happened, and how often it could have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// How often it happened.
    pub count: u64,
    /// How often it could have happened.
    pub of: u64,
}

impl Rate {
    /// The part: 0 to 1; 0 where it could not have happened.
    pub fn part(self) -> f64 {
        self.count as f64 / self.of.max(1) as f64
    }
}

/// A span that shows a problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// The trace id of the span.
    pub trace_id: TraceId,
    /// The id of the span in which the time was lost, or which ended early.
    pub span_id: SpanId,
}

impl Suspect {
    /// The largest number of spans that are cited for one suspect.
    pub const MAX_EVIDENCE: usize = 5;
}
