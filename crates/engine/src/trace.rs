//! Stored spans and traces.

use std::sync::Arc;

use coral_trace::{Span, UnixNanos};

/// A stored span.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredSpan {
    /// Receipt in the engine's sequence; 0 in an engine without receipts.
    pub receipt: u64,
    /// The agent that the span was polled from; empty in an agent's own store.
    pub agent_id: Arc<str>,
    /// The span, with all that OTLP had of it in the requested [`Columns`](crate::Columns).
    pub span: Span,
}

/// One trace, or a part of it. The numbers are of the whole trace, whatever `spans` has.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StoredTrace {
    /// Spans by start, then by span id; each span id once.
    pub spans: Vec<StoredSpan>,
    /// Number of stored spans, which is more than `spans` has after a limit; 0 if the trace is not
    /// stored.
    pub span_count: u64,
    /// Number of stored spans with an error status.
    pub error_count: u64,
    /// Start of the first stored span, truncated to microseconds.
    pub start: UnixNanos,
    /// End of the last stored span, truncated to microseconds.
    pub end: UnixNanos,
    /// Services with a stored span, by name.
    pub services: Vec<String>,
}
