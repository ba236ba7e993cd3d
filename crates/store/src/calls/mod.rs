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

use coral_trace::dependency::{CallSpan, CallSums};
use coral_trace::{Collector, TraceId};
use serde::{Deserialize, Serialize};

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

/// Which traces of a segment a sum has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) struct SumsKey {
    /// The minute in which the traces started, as far as their spans count: minutes since the Unix
    /// epoch.
    pub(crate) minute: i64,
    pub(crate) spans: SumOf,
}

/// Which spans of which traces a sum has. A trace that both collectors observed is in three sums.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) enum SumOf {
    /// All spans of traces that only the SDK observed.
    OnlySdk,
    /// All spans of traces that only eBPF observed.
    OnlyEbpf,
    /// All spans of traces that both observed.
    Both,
    /// The spans of the SDK in traces that both observed.
    SdkOfBoth,
    /// The eBPF spans of traces that both observed.
    EbpfOfBoth,
}

/// A span of a trace that is in no sum.
#[derive(Clone, Copy)]
pub(crate) struct SplitSpan {
    /// The row of the trace in the traces file.
    pub(crate) row: u32,
    /// The span, which has a start.
    pub(crate) span: CallSpan,
}

const MINUTE_US: i64 = 60_000_000;

/// The minute of a time in microseconds.
pub(crate) fn minute_of(micros: i64) -> i64 {
    micros.div_euclid(MINUTE_US)
}

impl SumsKey {
    /// The first microsecond of the minute, and the first after it.
    pub(crate) fn bounds(self) -> (i64, i64) {
        let bound = |minute: i64| minute.saturating_mul(MINUTE_US);
        (bound(self.minute), bound(self.minute.saturating_add(1)))
    }

    fn of(spans: &[CallSpan], of: SumOf) -> Self {
        let start = spans.iter().filter_map(|span| span.start_us).min();
        Self { minute: minute_of(start.unwrap_or_default()), spans: of }
    }
}

impl SumOf {
    /// Whether the sum is part of the map of what `collector` observed, or any collector.
    pub(crate) fn counts_for(self, collector: Option<Collector>) -> bool {
        match collector {
            None => matches!(self, Self::OnlySdk | Self::OnlyEbpf | Self::Both),
            Some(Collector::Sdk) => matches!(self, Self::OnlySdk | Self::SdkOfBoth),
            Some(Collector::Ebpf) => matches!(self, Self::OnlyEbpf | Self::EbpfOfBoth),
        }
    }

    fn only(collector: Collector) -> Self {
        match collector {
            Collector::Sdk => Self::OnlySdk,
            Collector::Ebpf => Self::OnlyEbpf,
        }
    }

    fn of_both(collector: Collector) -> Self {
        match collector {
            Collector::Sdk => Self::SdkOfBoth,
            Collector::Ebpf => Self::EbpfOfBoth,
        }
    }
}

/// Calls `add` with each sum that a trace is in, and the spans that the sum has of it. `parts` are
/// the spans by collector.
fn each_sum(parts: &[(Collector, &[CallSpan])], mut add: impl FnMut(SumsKey, &[CallSpan])) {
    if let [(collector, spans)] = parts {
        return add(SumsKey::of(spans, SumOf::only(*collector)), spans);
    }
    let all: Vec<CallSpan> = parts.iter().flat_map(|(_, spans)| spans.iter().copied()).collect();
    add(SumsKey::of(&all, SumOf::Both), &all);
    for (collector, spans) in parts {
        add(SumsKey::of(spans, SumOf::of_both(*collector)), spans);
    }
}
