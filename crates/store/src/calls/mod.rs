//! What the traces of a segment say about calls: sums by the minute of the trace's start, in the
//! file `N.calls` beside the Parquet files.
//!
//! A trace that is split is not in the sums; the file has its spans instead. The file repeats what
//! the Parquet files say, so it is neither synced nor repaired: if it is missing or does not fit, it
//! is made again.

pub(crate) mod columns;
mod keep;
mod make;
mod scan;
mod stored;
mod take;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(crate) use coral_record::calls::{SumsKey, each_sum, minute_of};
use coral_trace::dependency::{CallSpan, CallSums};
use coral_trace::{Collector, TraceId};

pub(crate) use self::keep::{keep_up, keep_up_with, newly_split, of_segment};
pub(crate) use self::scan::{Scan, SpansByTrace, scan};
pub(crate) use self::take::{TracePart, spans_of, take_out, take_traces_out};

/// The sums of one segment. Ids are those of one map.
pub(crate) struct SegmentCalls {
    /// The sums that were asked for.
    pub(crate) sums: BTreeMap<SumsKey, CallSums>,
    /// The keys of all other sums.
    pub(crate) others: Vec<SumsKey>,
    /// The rows of the traces file whose trace is in no sum, because it is split.
    pub(crate) split: BTreeMap<u32, (TraceId, Collector)>,
    /// The spans of these rows; `None` if they are too many for the file.
    pub(crate) spans: Option<Vec<SplitSpan>>,
}

/// A span of a trace that is in no sum.
#[derive(Clone, Copy)]
pub(crate) struct SplitSpan {
    /// The row of the trace in the traces file.
    pub(crate) row: u32,
    /// The span, which has a start.
    pub(crate) span: CallSpan,
}
