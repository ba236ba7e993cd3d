//! A search for traces, and what it finds.

use coral_trace::{Collector, TimeRange, TraceId, UnixNanos};

use crate::filter::Filter;

/// Which traces to list. All conditions hold; an empty or `None` one always does.
///
/// Every engine does all but [`filter`](Self::filter), fast and exactly.
#[derive(Clone, PartialEq, Debug)]
pub struct TraceQuery {
    /// The trace started in this range: half-open, compared in whole microseconds.
    pub started: TimeRange,
    /// It has a span of one of these services.
    pub services: Vec<String>,
    /// Only spans of this collector count, for every condition and every figure.
    pub collector: Option<Collector>,
    /// Its first span's start and its last span's end are at least this far apart, in microseconds.
    pub min_duration_us: Option<i64>,
    /// It has a span whose status is an error (`true`), or none (`false`).
    pub failed: Option<bool>,
    /// It has a span (of one of `services`) with this name, and with all `attributes` on that span or its resource.
    pub name: Option<String>,
    /// See `name`. Values are compared as text. A key that OpenTelemetry renamed may stand for its other spelling.
    pub attributes: Vec<(String, String)>,
    /// The trace matches this filter too, as [`Filter::matches`] says of its spans of `collector`; not
    /// necessarily by the span that fits `name` and `attributes`.
    pub filter: Option<Filter>,
    /// Which come first, and so which the limit leaves.
    pub order: Order,
    /// At most this many.
    pub limit: u32,
}

/// Which traces come first. Of equals the one with the smaller trace id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// Latest start first.
    #[default]
    Newest,
    /// Longest first; of equals the newest.
    Slowest,
}

/// One trace of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceSummary {
    /// Its id.
    pub trace_id: TraceId,
    /// Start of its first span, in whole microseconds.
    pub start: UnixNanos,
    /// From there to the end of its last span, in microseconds.
    pub duration_us: i64,
    /// Spans stored.
    pub spans: u64,
    /// Spans whose status is an error.
    pub errors: u64,
    /// Services with a span in it, by name.
    pub services: Vec<String>,
    /// The service of the earliest span without a parent; `None` when none was received.
    pub root_service: Option<String>,
    /// That span's name, or the earliest span's when there is none.
    pub root_name: String,
    /// The response status of the same span.
    pub status_code: Option<u16>,
}

impl TraceQuery {
    /// More attribute conditions than this are refused before they come here.
    pub const MAX_ATTRIBUTES: usize = 4;

    /// All traces, newest first.
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
