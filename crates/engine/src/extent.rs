//! How much an engine holds.

/// How many spans an engine holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Extent {
    /// Spans that can be read.
    pub spans: u64,
    /// Number of segments: files or parts that are read one by one.
    pub segments: u64,
    /// Size on disk of everything that the engine stores, at the last measurement.
    pub bytes: u64,
    /// The newest receipt given out; 0 before the first receipt, and in an engine without receipts.
    pub last_receipt: u64,
    /// The oldest receipt still stored; `last_receipt + 1` when there is none.
    pub first_receipt: u64,
    /// Spans that were stored and can no longer be read, because a file is missing or damaged.
    pub damaged: u64,
}

/// How many rows of metrics an engine holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MetricExtent {
    /// Rows that can be read.
    pub rows: u64,
    /// Size on disk of the sealed rows of metrics.
    pub bytes: u64,
    /// The newest receipt given out; 0 before the first receipt, and in an engine without receipts.
    pub last_receipt: u64,
    /// The oldest receipt still stored; `last_receipt + 1` when there is none.
    pub first_receipt: u64,
    /// Number of series whose counters are in memory.
    pub series: u64,
    /// Points that were counted in an overflow series since the process started, because there are
    /// too many series of their service, or too many services.
    pub overflown: u64,
    /// Rows that were stored and can no longer be read, because a file is damaged. Counted since
    /// the process started.
    pub damaged: u64,
}
