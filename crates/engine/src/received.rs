//! Spans in order of receipt, for readers that follow everything an engine stores.

use coral_trace::UnixNanos;

use crate::trace::StoredSpan;

/// Spans that follow a cursor, in order of receipt, with their position in the engine's sequence.
///
/// Receipts are consecutive, so that a reader can count what it misses: of the receipts from its
/// cursor to `next_receipt`, those without a span in `spans` have expired or are damaged.
#[derive(Clone, PartialEq, Debug)]
pub struct ReceivedSpans {
    /// The spans, of every collector.
    pub spans: Vec<StoredSpan>,
    /// When the first of `spans` was received; `None` if there is none.
    pub since: Option<UnixNanos>,
    /// The cursor for the next read: the receipt of the last of `spans`, or the newest receipt if
    /// the reader has everything.
    pub next_receipt: u64,
    /// The newest readable receipt.
    pub last_receipt: u64,
}

/// How much one read returns at most. A read returns at least one span if there is one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadLimit {
    /// Number of spans.
    pub spans: usize,
    /// Size in memory of the rows, in bytes, which the last rows may exceed.
    pub bytes: usize,
}
