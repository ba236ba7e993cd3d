//! Searches for traces.

use std::cmp::Reverse;

use coral_trace::{Collector, TimeRange, TraceId, UnixNanos};

use crate::filter::Filter;

/// A search for traces. A trace must meet all conditions. A condition that is empty or `None` is
/// always met.
///
/// Every engine supports all conditions except [`filter`](Self::filter). The filters that an engine
/// supports are in its [`Capabilities`](crate::Capabilities).
#[derive(Clone, PartialEq, Debug)]
pub struct TraceQuery {
    /// The trace started in this half-open range. Times are compared in microseconds.
    pub started: TimeRange,
    /// The trace has a span of one of these services.
    pub services: Vec<String>,
    /// Only spans of this collector count, in all conditions and in all numbers of the answer.
    pub collector: Option<Collector>,
    /// The shortest time from the start of the first span to the end of the last span, in
    /// microseconds.
    pub min_duration_us: Option<i64>,
    /// The longest such time, in microseconds.
    pub max_duration_us: Option<i64>,
    /// The trace has a span with an error status (`true`), or has none (`false`).
    pub failed: Option<bool>,
    /// The trace has a span with this name. The same span must meet `services` and `attributes`
    /// too: it belongs to one of the services, and it or its resource has all the attributes.
    pub name: Option<String>,
    /// Keys and values that one span or its resource must have; see [`name`](Self::name). Values
    /// are compared as text. If OpenTelemetry renamed a key, an engine may also find its other
    /// name.
    pub attributes: Vec<(String, String)>,
    /// The trace also matches this filter, by [`Filter::matches`] on its spans of `collector`. The
    /// span that meets the filter need not be the span that meets `name` and `attributes`.
    pub filter: Option<Filter>,
    /// The order of the traces. If there are more than `limit`, the last in this order are left
    /// out.
    pub order: Order,
    /// Only traces that come after this position in this order. The trace at the position need not
    /// exist.
    pub after: Option<TracePosition>,
    /// The largest number of traces in the answer.
    pub limit: u32,
}

/// The order of traces. Equal traces are ordered by trace id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// Latest start first.
    #[default]
    Newest,
    /// Longest first; equally long traces by latest start.
    Slowest,
}

/// The place of a trace in a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TracePosition {
    /// [`TraceSummary::start`].
    pub start: UnixNanos,
    /// [`TraceSummary::duration_us`]. Of no importance in [`Order::Newest`].
    pub duration_us: i64,
    /// The trace's id.
    pub trace_id: TraceId,
}

impl TracePosition {
    /// The position of `trace`.
    pub fn of(trace: &TraceSummary) -> Self {
        let TraceSummary { start, duration_us, trace_id, .. } = *trace;
        Self { start, duration_us, trace_id }
    }

    /// Whether `trace` comes after this position in `order`.
    pub fn is_before(&self, trace: &TraceSummary, order: Order) -> bool {
        let rank = |at: &Self| {
            let duration_us = if order == Order::Slowest { at.duration_us } else { 0 };
            (Reverse((duration_us, at.start.as_micros())), at.trace_id)
        };
        rank(self) < rank(&Self::of(trace))
    }
}

/// One trace of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceSummary {
    /// The trace's id.
    pub trace_id: TraceId,
    /// Start of the first span, truncated to microseconds.
    pub start: UnixNanos,
    /// Time from `start` to the end of the last span, in microseconds.
    pub duration_us: i64,
    /// Number of stored spans.
    pub spans: u64,
    /// Number of spans with an error status.
    pub errors: u64,
    /// Services with a span in the trace, by name.
    pub services: Vec<String>,
    /// The service of the root, the earliest span without a parent; `None` if no root was received.
    pub root_service: Option<String>,
    /// The name of the root; if no root was received, the name of the earliest span.
    pub root_name: String,
    /// The response status of the span that `root_name` is from.
    pub status_code: Option<u16>,
}

impl TraceQuery {
    /// The largest number of attribute conditions. Callers must refuse queries with more.
    pub const MAX_ATTRIBUTES: usize = 4;

    /// A search for all traces that returns the newest `limit`, newest first.
    pub fn newest(limit: u32) -> Self {
        Self {
            started: TimeRange::ALL,
            services: Vec::new(),
            collector: None,
            min_duration_us: None,
            max_duration_us: None,
            failed: None,
            name: None,
            attributes: Vec::new(),
            filter: None,
            order: Order::Newest,
            after: None,
            limit,
        }
    }
}
