//! RED metrics: `coral query beyla http|grpc|sql`.

use std::collections::BTreeMap;

use coral_trace::{SpanId, TraceId, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::question::{RedProtocol, RedSide, RedSource};
use crate::json;

/// The requests of one service and protocol in one window.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RedTable {
    /// `http`, `grpc` or `sql`.
    pub protocol: RedProtocol,
    /// The service.
    pub service: String,
    /// `server`: requests it served. `client`: requests it made; always for SQL.
    pub side: RedSide,
    /// `metrics`, or `spans`.
    pub source: RedSource,
    /// Start of the window, microseconds since the Unix epoch.
    pub since_unix_us: i64,
    /// End of the window, exclusive.
    pub until_unix_us: i64,
    /// Most requests first.
    pub rows: Vec<RedRow>,
    /// All rows together.
    pub overall: RedNumbers,
    /// All rows of the window that was compared with; null when none was.
    pub overall_before: Option<RedNumbers>,
    /// Requests that metrics counted in the same window, when `source` is `spans`; null otherwise.
    pub requests_by_metrics: Option<u64>,
    /// The traces behind it: null unless they were asked for.
    pub slow: Option<Vec<SlowRow>>,
    /// Services of a similar name, when no span in the window is of this one: at most three, the most alike first.
    #[serde(default)]
    pub did_you_mean: Vec<String>,
}

/// One route, method or statement.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct RedRow {
    /// HTTP: the route; empty when the exporter knew none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// HTTP: GET, POST …; gRPC: the full method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// SQL: SELECT, UPDATE …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// SQL: the table; empty when the exporter did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The numbers.
    #[serde(flatten)]
    pub numbers: RedNumbers,
    /// Those of the window that was compared with; null when none was, or it had no such row.
    pub before: Option<RedNumbers>,
}

/// How many, how slow, how wrong.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct RedNumbers {
    /// Requests.
    pub requests: u64,
    /// Requests that failed.
    pub errors: u64,
    /// `errors / requests`; 0 without requests.
    pub error_rate: f64,
    /// Half were faster; null when that is not known, see `beyond_us`.
    pub p50_us: Option<i64>,
    /// 95 of 100 were faster.
    pub p95_us: Option<i64>,
    /// 99 of 100 were faster.
    pub p99_us: Option<i64>,
    /// Where a percentile is null: it is beyond this, and nobody knows how far. Null when all are known, and
    /// when nothing is.
    pub beyond_us: Option<i64>,
    /// Requests by response status: `200`, `OK`; `error` and `ok` for SQL.
    pub statuses: BTreeMap<String, u64>,
}

/// The traces behind one row that has requests over the line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SlowRow {
    /// As the row is called in tables: `POST /validate`.
    pub name: String,
    /// The row's P95 in microseconds; null beyond the last bound.
    pub p95_us: Option<i64>,
    /// The line: microseconds.
    pub over_us: i64,
    /// The slowest first.
    pub traces: Vec<SlowTrace>,
    /// Why no trace behind the row is stored; null when one is.
    pub none_because: Option<NoSlowTrace>,
}

/// Why no trace behind a row is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoSlowTrace {
    /// No eBPF span is stored at all.
    NoTraces,
    /// Traces were found by exemplars, and are older than the oldest stored one.
    TracesExpired,
    /// Traces were found by exemplars, and the sampler left them out.
    NotSampled,
    /// Nothing was found, and the window is older than the oldest stored trace.
    WindowExpired,
    /// No stored span is over the line, and no exemplar names one.
    NothingFound,
}

/// A request over the line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SlowTrace {
    /// The trace of the request.
    #[serde(with = "json::text")]
    #[schemars(with = "String")]
    pub trace_id: TraceId,
    /// The span that was measured, or that was active in what was measured.
    #[serde(with = "json::text")]
    #[schemars(with = "String")]
    pub span_id: SpanId,
    /// How long the request took.
    pub latency_us: i64,
    /// When the request ended: microseconds since the Unix epoch.
    #[serde(rename = "time_unix_us", with = "json::micros")]
    #[schemars(with = "i64")]
    pub time: UnixNanos,
    /// What named the trace.
    pub found_by: FoundBy,
    /// Whether the trace is stored: otherwise it was not sampled, or has expired.
    pub stored: bool,
}

/// What named a slow trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FoundBy {
    /// An exemplar of a metric.
    Exemplar,
    /// A stored span of the same service, route and side that is over the line.
    Span,
}
