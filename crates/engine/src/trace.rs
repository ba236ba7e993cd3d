//! Stored spans and traces.

use std::sync::Arc;

use coral_trace::{Span, UnixNanos};

/// A stored span.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredSpan {
    /// The span's receipt in the engine's sequence; 0 in an engine without receipts.
    pub receipt: u64,
    /// The agent that the span was polled from; empty in an agent's own store.
    pub agent_id: Arc<str>,
    /// The span as OTLP sent it, with the requested [`Columns`](crate::Columns).
    pub span: Span,
}

/// One trace. `spans` may hold only some of its spans; the numbers are of the whole trace.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StoredTrace {
    /// The spans, sorted by start, then by span id. Each span id occurs once.
    pub spans: Vec<StoredSpan>,
    /// Number of stored spans; 0 if the trace is not stored. `spans` may have fewer, because of a
    /// limit.
    pub span_count: u64,
    /// Number of stored spans with an error status.
    pub error_count: u64,
    /// Start of the earliest stored span, truncated to microseconds.
    pub start: UnixNanos,
    /// End of the stored span that ended last, truncated to microseconds.
    pub end: UnixNanos,
    /// The services that have a stored span in the trace, sorted by name.
    pub services: Vec<String>,
}
