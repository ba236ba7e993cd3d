//! Spans as an engine answers with them.

use std::sync::Arc;

use coral_trace::{Span, UnixNanos};

/// A span as it was stored.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredSpan {
    /// Its place in the engine's sequence; 0 in an engine without receipts.
    pub receipt: u64,
    /// The agent it was polled from; empty in an agent's own store.
    pub agent_id: Arc<str>,
    /// The span, with everything OTLP said of it, as far as [`Columns`](crate::Columns) were asked for.
    pub span: Span,
}

/// One trace, or as much of it as was asked for. The figures are of the whole trace, whatever `spans` has.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StoredTrace {
    /// By start, then by span id. All of one trace, each span id once.
    pub spans: Vec<StoredSpan>,
    /// Spans stored; more than `spans` has when the limit cut it. 0 when the trace is not stored.
    pub span_count: u64,
    /// Spans stored whose status is an error.
    pub error_count: u64,
    /// Start of the first span stored, in whole microseconds.
    pub start: UnixNanos,
    /// End of the last span stored, in whole microseconds.
    pub end: UnixNanos,
    /// Services with a span stored, by name.
    pub services: Vec<String>,
}
