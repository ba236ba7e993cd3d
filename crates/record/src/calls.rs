//! Sums of the calls of traces, by the minute of the trace's start: which sums a trace is in.

use coral_trace::Collector;
use coral_trace::dependency::CallSpan;
use serde::{Deserialize, Serialize};

/// Which of some traces a sum has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct SumsKey {
    /// The minute in which the traces started, as far as their spans count: minutes since the Unix
    /// epoch.
    pub minute: i64,
    /// Which spans of these traces count.
    pub spans: SumOf,
}

/// Which spans of which traces a sum has. A trace that both collectors observed is in three sums.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum SumOf {
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

/// The text columns of promoted attributes that describe the peer of a call.
pub const PEER_TEXTS: [&str; 8] = [
    "http_request_method",
    "rpc_system",
    "db_system",
    "db_namespace",
    "messaging_system",
    "messaging_destination",
    "server_address",
    "service_peer_name",
];

const MINUTE_US: i64 = 60_000_000;

/// The minute of a time in microseconds.
pub fn minute_of(micros: i64) -> i64 {
    micros.div_euclid(MINUTE_US)
}

impl SumsKey {
    /// The first microsecond of the minute, and the first after it.
    pub fn bounds(self) -> (i64, i64) {
        Self::bounds_of(self.minute)
    }

    /// The first microsecond of `minute`, and the first after it.
    pub fn bounds_of(minute: i64) -> (i64, i64) {
        let bound = |minute: i64| minute.saturating_mul(MINUTE_US);
        (bound(minute), bound(minute.saturating_add(1)))
    }

    fn of(spans: &[CallSpan], of: SumOf) -> Self {
        let start = spans.iter().filter_map(|span| span.start_us).min();
        Self { minute: minute_of(start.unwrap_or_default()), spans: of }
    }
}

impl SumOf {
    /// Whether the sum is part of the map of what `collector` observed, or any collector.
    pub fn counts_for(self, collector: Option<Collector>) -> bool {
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
pub fn each_sum(parts: &[(Collector, &[CallSpan])], mut add: impl FnMut(SumsKey, &[CallSpan])) {
    if let [(collector, spans)] = parts {
        return add(SumsKey::of(spans, SumOf::only(*collector)), spans);
    }
    let all: Vec<CallSpan> = parts.iter().flat_map(|(_, spans)| spans.iter().copied()).collect();
    add(SumsKey::of(&all, SumOf::Both), &all);
    for (collector, spans) in parts {
        add(SumsKey::of(spans, SumOf::of_both(*collector)), spans);
    }
}
