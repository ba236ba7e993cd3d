//! RED metrics: `coral query beyla http|grpc|sql`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The requests of one service and protocol in one window.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RedTable {
    /// `http`, `grpc` or `sql`.
    pub protocol: String,
    /// The service.
    pub service: String,
    /// `server`: requests it served. `client`: requests it made.
    pub side: String,
    /// `metrics`, or `spans`.
    pub source: String,
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
    /// Why there are none; null when there are.
    pub why_none: Option<String>,
}

/// A request over the line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SlowTrace {
    /// 32 lower-case hex digits.
    pub trace_id: String,
    /// 16 lower-case hex digits: the span that was measured, or active in what was.
    pub span_id: String,
    /// How long the request took.
    pub latency_us: i64,
    /// When: microseconds since the Unix epoch.
    pub time_unix_us: i64,
    /// `exemplar`: a metric names it. `span`: a stored span of the same service, route and side is over the line.
    pub found_by: String,
    /// Whether the trace is stored: otherwise it was not sampled, or has expired.
    pub stored: bool,
}
