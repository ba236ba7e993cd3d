//! Searches for traces.

use coral_trace::{Collector, TimeRange, TraceId, UnixNanos};

use crate::filter::Filter;

/// A search for traces. A trace must meet all conditions; an empty or `None` condition is always
/// met.
///
/// Every engine answers all conditions except [`filter`](Self::filter) fast and exactly.
#[derive(Clone, PartialEq, Debug)]
pub struct TraceQuery {
    /// The trace started in this half-open range, compared in microseconds.
    pub started: TimeRange,
    /// The trace has a span of one of these services.
    pub services: Vec<String>,
    /// Only spans of this collector count, for all conditions and numbers.
    pub collector: Option<Collector>,
    /// The least time from the first span's start to the last span's end, in microseconds.
    pub min_duration_us: Option<i64>,
    /// The trace has a span with an error status (`true`), or has none (`false`).
    pub failed: Option<bool>,
    /// Some span (of one of `services`) has this name, and all `attributes` on itself or its
    /// resource.
    pub name: Option<String>,
    /// See `name`. Values are compared as text. A key that OpenTelemetry renamed may match either
    /// spelling.
    pub attributes: Vec<(String, String)>,
    /// The trace also matches this filter, by [`Filter::matches`] on its spans of `collector`. The
    /// span that meets the filter may differ from the one with `name` and `attributes`.
    pub filter: Option<Filter>,
    /// The order, which also decides what the limit cuts.
    pub order: Order,
    /// The most traces.
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

/// One trace of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceSummary {
    /// Its id.
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
    /// The name of the root, or of the earliest span without a root.
    pub root_name: String,
    /// The response status of the same span.
    pub status_code: Option<u16>,
}

impl TraceQuery {
    /// The most attribute conditions. Callers must refuse more.
    pub const MAX_ATTRIBUTES: usize = 4;

    /// A search for all traces, newest first.
    pub fn newest(limit: u32) -> Self {
        Self {
            started: TimeRange::ALL,
            services: Vec::new(),
            collector: None,
            min_duration_us: None,
            failed: None,
            name: None,
            attributes: Vec::new(),
            filter: None,
            order: Order::Newest,
            limit,
        }
    }
}
