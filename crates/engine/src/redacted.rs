//! Spans that a limited reader does not show.

use coral_trace::{SpanId, UnixNanos};

/// The spans of one trace that a reader does not show, because their services are outside of its
/// scope. A reader of everything has none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RedactedSpans {
    /// How many stored spans of the trace are not shown. `spans` may have fewer, because of a
    /// limit.
    pub count: u64,
    /// The first of these spans by start.
    pub spans: Vec<RedactedSpan>,
}

/// The times of one span that is not shown, and its place in the tree of its trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RedactedSpan {
    /// The parent; `None` if the span names no parent, or one that is not stored.
    pub parent: Option<RedactedParent>,
    /// When the span started, truncated to microseconds.
    pub start: UnixNanos,
    /// How long the span took, in microseconds; 0 when it ended before it started.
    pub duration_us: i64,
    /// The spans with this parent that the reader shows, sorted.
    pub children: Vec<SpanId>,
}

/// The parent of a span that is not shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RedactedParent {
    /// A span that the reader shows.
    Shown(SpanId),
    /// The index of another span in [`RedactedSpans::spans`].
    Redacted(usize),
}
