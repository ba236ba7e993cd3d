//! The answer with a waterfall: one list for each column, so that a trace of 100,000 spans takes few
//! bytes and is quick to read.

use coral_trace::UnixNanos;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The rows of one trace, as columns.
///
/// The columns `depth` to `flags` have one number for each row. Rows are in depth-first order of the
/// trace's tree: below roots first, then below spans whose parent was not received. The client span
/// and the server span of one call are two rows. Spans `in queue` and `processing`, which Beyla makes
/// of one request, have no row.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Waterfall {
    /// The trace id: 32 lower-case hex digits. For a trace that is not stored, the digits that were
    /// asked for.
    pub trace_id: String,
    /// When the first row started. JSON: microseconds since the Unix epoch.
    #[serde(rename = "start_time_unix_us", with = "crate::json::micros")]
    #[schemars(with = "i64")]
    pub start: UnixNanos,
    /// From the start of the first row to the end of the last, in microseconds.
    pub trace_duration_us: i64,
    /// How many spans of the trace are stored; 0 if the trace is not stored. There may be fewer rows;
    /// see `virtual_hops` and `spans_left_out`.
    pub span_count: u64,
    /// How many spans have the status `error`.
    pub error_count: u64,
    /// True when the trace has exactly one root, every named parent is stored, and no span is left
    /// out of this answer.
    pub complete: bool,
    /// How many stored spans have no row because of the size limit of an answer. The spans with the
    /// latest start times are left out.
    pub spans_left_out: u64,
    /// How many spans have no row because trees leave them out: those that Beyla makes of one
    /// request beside its server span.
    pub virtual_hops: u64,
    /// How many further spans the trace has, of services that the caller may not see. The rows of
    /// the first 100,000 of them have times and a depth only, and the flag 32.
    pub redacted: u64,
    /// The services of the rows. The column `service` has places in this list.
    pub services: Vec<String>,
    /// The span names of the rows. The column `name` has places in this list.
    pub names: Vec<String>,
    /// By row: how many rows are above it in the tree.
    pub depth: Vec<u32>,
    /// By row: from the start of the trace to the start of the span, in microseconds.
    pub start_us: Vec<i64>,
    /// By row: how long the span took, in microseconds; 0 if it ended before it started.
    pub duration_us: Vec<i64>,
    /// By row: the time in microseconds that no child covers.
    pub self_us: Vec<i64>,
    /// By row: the place of the service in `services`.
    pub service: Vec<u32>,
    /// By row: the place of the span name in `names`.
    pub name: Vec<u32>,
    /// By row: 0 for an internal span, 1 server, 2 client, 3 producer, 4 consumer.
    pub kind: Vec<u8>,
    /// By row, the sum of: 1 the status is `error`; 2 the parent was not received; 8 moved by
    /// `adjust_clocks`; 16 on the critical path; 32 a redacted hop, of a service that the caller may
    /// not see; 64 ends after its parent; 128 repeats the id of an earlier row; 256 the top of a
    /// cycle of parents; 512 a client span whose server span is the next row.
    pub flags: Vec<u16>,
    /// The span ids of all rows in one text: 16 lower-case hex digits each. A redacted hop has
    /// sixteen zeros.
    pub span_ids: String,
    /// The critical path of the longest root, in order of time: the row of each segment. Segments
    /// follow each other without gaps.
    pub critical_row: Vec<u32>,
    /// By segment: from the start of the trace to its start, in microseconds.
    pub critical_start_us: Vec<i64>,
    /// By segment: from the start of the trace to its end, in microseconds.
    pub critical_end_us: Vec<i64>,
    /// The time of each service, most on the critical path first.
    pub service_times: Vec<ServiceTime>,
    /// Which clocks `adjust_clocks` moved, most spans first; at most 1,000.
    pub clock_moves: Vec<ClockMove>,
}

/// How much of a trace's time is a service's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ServiceTime {
    /// The service. Redacted hops together are `hidden service`.
    pub service: String,
    /// How many rows have this service.
    pub spans: u64,
    /// How many of them have the status `error`.
    pub errors: u64,
    /// The sum of self times, in microseconds. The network to a server span counts for the service
    /// of the server span.
    pub self_us: i64,
    /// The time on the critical path, in microseconds. The network counts as in `self_us`.
    pub critical_us: i64,
}

/// The spans of one service, host and agent, whose times were moved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ClockMove {
    /// The service.
    pub service: String,
    /// The `host.name` of the resource; null if it has none.
    pub host: Option<String>,
    /// The id of the agent that received the spans.
    pub agent_id: String,
    /// By how many microseconds the spans were moved: the median.
    pub moved_us: i64,
    /// How many spans were moved.
    pub spans: u64,
}
