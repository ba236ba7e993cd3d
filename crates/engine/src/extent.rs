//! How much an engine holds.

/// What an engine holds of spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Extent {
    /// Spans that can be read.
    pub spans: u64,
    /// Segments among them: files or parts that are read one by one.
    pub segments: u64,
    /// Bytes on disk of everything that the engine stores, spans or not, when that was last measured.
    pub bytes: u64,
    /// The newest receipt given out; 0 before the first, and in an engine without receipts.
    pub last_receipt: u64,
    /// The oldest receipt still stored; `last_receipt + 1` when there is none.
    pub first_receipt: u64,
    /// Spans that were stored and cannot be read, because a file is missing or damaged.
    pub damaged: u64,
}

/// What an engine holds of metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MetricExtent {
    /// Rows that can be read.
    pub rows: u64,
    /// Bytes on disk of sealed rows.
    pub bytes: u64,
    /// The newest receipt given out; 0 before the first, and in an engine without receipts.
    pub last_receipt: u64,
    /// The oldest receipt still stored; `last_receipt + 1` when there is none.
    pub first_receipt: u64,
    /// Series whose counts are remembered.
    pub series: u64,
    /// Points whose series was one too many of its service, since the process started.
    pub overflown: u64,
    /// Rows that were stored and cannot be read, because a file is damaged; since the process started.
    pub damaged: u64,
}
