//! A suspect, and the evidence for it.

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
    /// How the component changed.
    pub kind: CauseKind,
    /// The part of the added time that the service accounts for: 0 to 1.
    pub share: f64,
    /// How suspicious the service is: see the module `score`.
    pub score: f64,
    /// Spans that show the problem, worst first; at most [`Suspect::MAX_EVIDENCE`].
    pub evidence: Vec<Evidence>,
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
