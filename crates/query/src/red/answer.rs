//! The answer of RED metrics: `coral query beyla http|grpc|sql`.

use std::collections::BTreeMap;

use coral_trace::{SpanId, TraceId, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::question::{RedProtocol, RedSide, RedSource};
use crate::json;
use crate::sampling::answer::Estimate;
use crate::traces::answer::TraceFailure;

/// The requests, errors and durations of one service and protocol in one window.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RedTable {
    /// The protocol of the requests: `http`, `grpc` or `sql`.
    pub protocol: RedProtocol,
    /// The service, by its `service.name`.
    pub service: String,
    /// `server` for requests that the service served, `client` for requests that it made; always
    /// `client` for SQL.
    pub side: RedSide,
    /// What the requests were counted from: `metrics` or `spans`.
    pub source: RedSource,
    /// Whether the question names no source, and the window has no such metrics of the service. The
    /// requests are then counted from spans, if there are any.
    #[serde(default)]
    pub metrics_missing: bool,
    /// Start of the window, microseconds since the Unix epoch.
    pub since_unix_us: i64,
    /// End of the window, exclusive, microseconds since the Unix epoch.
    pub until_unix_us: i64,
    /// Where the stored data begins, in microseconds since the Unix epoch: the start of the window,
    /// or later if all data is younger. A rate is `requests` divided by the time from here to
    /// `until_unix_us`.
    #[serde(default)]
    pub covered_since_unix_us: i64,
    /// One row for each route, method or statement; most requests first. At most 4,000: those that
    /// were read first.
    pub rows: Vec<RedRow>,
    /// The numbers of all requests together.
    pub overall: RedNumbers,
    /// How many requests are in `overall` but in no row, because the table has 4,000 rows.
    #[serde(default)]
    pub requests_left_out: u64,
    /// The numbers of all requests together in the earlier window (`compare_us`); null when none
    /// was asked for.
    pub overall_before: Option<RedNumbers>,
    /// How many requests the metrics counted in the same window, when `source` is `spans`; else
    /// null.
    pub requests_by_metrics: Option<u64>,
    /// The rows with slow requests, with traces of them; null unless `slow` was asked for.
    pub slow: Option<Vec<SlowRow>>,
    /// Services of a similar name, when no span in the window is of this one: at most three, the
    /// most alike first.
    #[serde(default)]
    pub did_you_mean: Vec<String>,
}

impl RedTable {
    /// The largest number of rows of a table.
    pub const MAX_ROWS: usize = 4_000;
}

/// The numbers of one HTTP route, gRPC method or SQL statement.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct RedRow {
    /// HTTP: the route, such as `/users/{id}`; empty when the exporter did not know the route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// HTTP: the method, such as `GET`. gRPC: the full method, such as `/shop.v1.Cart/Add`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// SQL: the operation, such as `SELECT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// SQL: the table; empty when the exporter did not report the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The numbers of the row.
    #[serde(flatten)]
    pub numbers: RedNumbers,
    /// The numbers of the row in the earlier window; null when none was asked for, or when that
    /// window had no such row.
    pub before: Option<RedNumbers>,
}

/// The requests, errors and durations of a row.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct RedNumbers {
    /// How many requests there were.
    pub requests: u64,
    /// How many requests failed: by the status of the span if counted from spans; by HTTP status,
    /// gRPC status or `error.type` if counted from metrics.
    pub errors: u64,
    /// The part of the requests that failed: `errors / requests`, from 0 to 1; 0 without requests.
    pub error_rate: f64,
    /// The median duration in microseconds; null when not known: see `beyond_us`. A percentile of
    /// spans is the duration of a request (nearest rank); a percentile of metrics is interpolated
    /// within a bucket of a histogram.
    pub p50_us: Option<i64>,
    /// The 95th percentile of the durations in microseconds; null when not known.
    pub p95_us: Option<i64>,
    /// The 99th percentile of the durations in microseconds; null when not known.
    pub p99_us: Option<i64>,
    /// Whether the percentiles are exact. Percentiles of metrics are not. Percentiles of spans are
    /// not if there are more than 131,072 distinct durations, and are then at most 0.05% off. If all
    /// rows together have more than 4 million of them, the percentiles of rows with more than 1,024
    /// are up to 3.2% off.
    #[serde(default)]
    pub exact: bool,
    /// The upper bound, in microseconds, of the last histogram bucket that has one: percentiles
    /// that are null are above this. Null when all percentiles are known, or when there were no
    /// requests.
    pub beyond_us: Option<i64>,
    /// How many requests had each response status: `200` for HTTP, `OK` for gRPC; `ok` and `error`
    /// for SQL.
    pub statuses: BTreeMap<String, u64>,
    /// What the counts stand for, where they come from spans and only a share of these is recorded.
    /// Absent where everything is recorded. Shares and percentiles are those of the recorded ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
}

/// A row with requests above the latency threshold, and traces of these requests.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SlowRow {
    /// The name of the row, as shown in tables: `POST /validate`.
    pub name: String,
    /// The row's P95 in microseconds; null when the P95 is above the last bucket bound.
    pub p95_us: Option<i64>,
    /// The latency threshold in microseconds.
    pub over_us: i64,
    /// Traces of requests above the threshold, slowest first; at most five. Where the threshold is
    /// an exact P95, a request that took exactly as long is included.
    pub traces: Vec<SlowTrace>,
    /// Why none of the slow traces is stored; null when at least one is.
    pub none_because: Option<NoSlowTrace>,
}

/// Why none of the slow traces of a row is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoSlowTrace {
    /// No eBPF span is stored at all.
    NoTraces,
    /// All traces that exemplars of the metrics name are older than the oldest stored trace.
    TracesExpired,
    /// Exemplars of the metrics name traces, but the sampler kept none of them.
    NotSampled,
    /// No trace was found, and the window is older than the oldest stored trace.
    WindowExpired,
    /// No stored span is above the threshold, and no exemplar names one that is.
    NothingFound,
}

/// A request above the latency threshold.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SlowTrace {
    /// The trace id of the request.
    #[serde(with = "json::text")]
    #[schemars(with = "String")]
    pub trace_id: TraceId,
    /// The span id of the request's span, or of the span that was active when the request was
    /// measured.
    #[serde(with = "json::text")]
    #[schemars(with = "String")]
    pub span_id: SpanId,
    /// How long the request took, in microseconds.
    pub latency_us: i64,
    /// When the request ended: microseconds since the Unix epoch.
    #[serde(rename = "time_unix_us", with = "json::micros")]
    #[schemars(with = "i64")]
    pub time: UnixNanos,
    /// How the trace was found.
    pub found_by: FoundBy,
    /// Whether the trace is stored. A trace that is not stored was not sampled, or has expired.
    pub stored: bool,
    /// The deepest failing span of the trace. Null if no span fails, or if the answer has so many
    /// slow traces that the spans were not read.
    #[serde(default)]
    pub failure: Option<TraceFailure>,
}

/// How a slow trace was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FoundBy {
    /// An exemplar of a metric names the trace.
    Exemplar,
    /// A stored span of the same service, route and side is above the threshold.
    Span,
}
