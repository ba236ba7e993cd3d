//! A suspect, and the evidence against it.

use super::names::CauseKind;
use crate::ids::{SpanId, TraceId};

/// A service under suspicion.
#[derive(Clone, PartialEq, Debug)]
pub struct Suspect {
    /// Its name; of a database or an external host that nobody observes, what its callers call it.
    pub service: String,
    /// What is most suspicious about it: an operation, or a caller and an operation.
    pub component: String,
    /// What that does.
    pub kind: CauseKind,
    /// Its part of the added time: 0 to 1.
    pub share: f64,
    /// How suspicious it is.
    pub score: f64,
    /// Where to see it, worst first; at most [`Suspect::MAX_EVIDENCE`].
    pub evidence: Vec<Evidence>,
}

/// A span to look at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// Its trace.
    pub trace_id: TraceId,
    /// The span where the suspect's time went, or that was cut short.
    pub span_id: SpanId,
}

impl Suspect {
    /// Traces that are shown for one suspect.
    pub const MAX_EVIDENCE: usize = 5;
}
