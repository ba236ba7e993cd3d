//! The health of services as an answer.

use coral_trace::UnixNanos;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coverage::Coverage;
use crate::json;
use crate::red::RedSource;
pub use crate::red::RequestKind;
use crate::red::answer::{RedNumbers, RedRow};
use crate::sampling::answer::{Estimate, SampledSpans};
use crate::status::answer::UntracedServices;
use crate::topology::answer::{NodeKind, TopologyEdge};
use crate::traces::answer::Groups;
use crate::why::answer::WhySuspect;

/// How well services are in a window, compared with a baseline.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Services {
    /// Start of the window, microseconds since the Unix epoch.
    pub since_unix_us: i64,
    /// End of the window, exclusive, microseconds since the Unix epoch.
    pub until_unix_us: i64,
    /// Start of the baseline, microseconds since the Unix epoch.
    pub baseline_since_unix_us: i64,
    /// End of the baseline, exclusive, microseconds since the Unix epoch.
    pub baseline_until_unix_us: i64,
    /// The services with spans or metrics in the window, those that had requests in the baseline,
    /// and those of agents that could not be read. Failing services come first, then slow ones,
    /// then those without requests that the baseline has, then those with fewer requests than in
    /// the baseline, then unknown ones, then well ones; within each, most requests first. At most
    /// 1,000.
    pub services: Vec<ServiceState>,
    /// How many services are not in `services`.
    #[serde(default)]
    pub services_left_out: u64,
    /// Services of a similar name, when the service that was asked about was not seen: at most
    /// three, the most alike first.
    #[serde(default)]
    pub did_you_mean: Vec<String>,
    /// More about the service that was asked about; null when all services were, or when the
    /// service was not seen.
    #[serde(default)]
    pub detail: Option<ServiceDetail>,
    /// When the clearest change of all services began; null when none was found, or none was asked
    /// for. Microseconds since the Unix epoch.
    #[serde(default, rename = "began_unix_us", with = "json::micros_or_null")]
    #[schemars(with = "Option<i64>")]
    pub began: Option<UnixNanos>,
    /// The cause that the question `why` names, when no service is failing or slow although a change
    /// began: messages may wait in a queue, or calls be made more often. Else null.
    #[serde(default)]
    pub cause: Option<WhySuspect>,
    /// The services that Beyla could trace and is not told to, by agent. Absent when there are none,
    /// and for a question about one service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untraced: Vec<UntracedServices>,
    /// The gaps in what was seen of agents, in the window and in the baseline.
    #[serde(default)]
    pub coverage: Vec<Coverage>,
    /// The spans that are counted in `services` or `detail`, in the window or in the baseline, and of
    /// which only a share is recorded. Absent where everything is recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sampled: Vec<SampledSpans>,
    /// The start of the stored span that was received first; null if that is before the baseline.
    /// Microseconds since the Unix epoch.
    #[serde(default, rename = "stored_since_unix_us", with = "json::micros_or_null")]
    #[schemars(with = "Option<i64>")]
    pub stored_since: Option<UnixNanos>,
}

impl Services {
    /// The largest number of services in an answer.
    pub const MAX_SERVICES: usize = 1_000;
}

/// One service: how well it is, and the numbers of the requests that it serves.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ServiceState {
    /// The service, by its `service.name`.
    pub name: String,
    /// How well the service is.
    pub health: Health,
    /// Whether the requests of a failing service are slow too.
    #[serde(default)]
    pub is_slow_too: bool,
    /// Why the health is unknown; null unless it is.
    #[serde(default)]
    pub unknown_because: Option<UnknownHealth>,
    /// The kind of requests that decided the health; null for `well` and `unknown`.
    #[serde(default)]
    pub kind: Option<RequestKind>,
    /// The operation that fails, such as `POST /charge`, when one operation does and the share of
    /// all requests that fail is small; else null.
    #[serde(default)]
    pub operation: Option<ServiceOperation>,
    /// When a change of the traces or metrics of the service began: microseconds since the Unix
    /// epoch. Null when no beginning was found, for services that neither fail nor are slow, and
    /// for those after the first four.
    #[serde(default, rename = "began_unix_us", with = "json::micros_or_null")]
    #[schemars(with = "Option<i64>")]
    pub began: Option<UnixNanos>,
    /// The requests that the service served in the window, of all kinds together. Percentiles are
    /// those of the kind with the most requests, the first of `requests`.
    pub now: ServiceNumbers,
    /// The same numbers in the baseline; null without requests in the baseline.
    pub before: Option<ServiceNumbers>,
    /// The requests that the service served, by kind; the kind with the most requests first.
    pub requests: Vec<KindOfRequests>,
    /// Values of the resource attribute `host.name` in spans of the service.
    pub hosts: ValueList,
    /// Values of `service.version`.
    pub versions: ValueList,
    /// Values of `service.instance.id`, or of `k8s.pod.name` where the resource has none.
    pub instances: ValueList,
    /// When the last request or one of the newest spans of the service ended, or the last metric of
    /// its requests was exported, in the window or else in the baseline: microseconds since the Unix
    /// epoch. Null for a service that is only known from the coverage timeline.
    #[serde(default, rename = "last_seen_unix_us", with = "json::micros_or_null")]
    #[schemars(with = "Option<i64>")]
    pub last_seen: Option<UnixNanos>,
    /// The requests of the window over time, of all kinds together; null unless `points` was given.
    #[serde(default)]
    pub series: Option<ServiceSeries>,
    /// The part of the newest traces with a span of the service in which no parent is missing but
    /// that of the topmost span: 0 to 1. The traces are those of the window, or of the baseline if
    /// the service has none in the window. Null without such traces.
    #[serde(default)]
    pub complete_ratio: Option<f64>,
}

/// The requests that a service served, over time. Each list has one number for each step of the
/// window, the earliest first.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ServiceSeries {
    /// How long a step is, in microseconds.
    pub step_us: i64,
    /// How many requests there were in each step.
    pub requests: Vec<u64>,
    /// How many of them failed.
    pub errors: Vec<u64>,
    /// The 95th percentile of the durations in microseconds, of the kind with the most requests in
    /// the window; null without requests, or above all buckets of metrics.
    pub p95_us: Vec<Option<i64>>,
}

/// How well a service is. The rules are those of `crates/query/src/services/health.rs`.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Requests fail: at least 5% of them, or at least 1% and three times the share of the
    /// baseline; or at least 10% of the requests of one operation, and three times the share of the
    /// baseline.
    Failing,
    /// P50 or P95 is at least half above the baseline, by at least a millisecond.
    Slow,
    /// The baseline has requests, and the window has none.
    NotSeen,
    /// The rate of requests is at most half of that in the baseline.
    FewerRequests,
    /// There is not enough evidence: see `unknown_because`.
    Unknown,
    /// None of the rules above applies, and nothing that they need is missing.
    Well,
}

/// Why the health of a service is unknown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnknownHealth {
    /// Spans of the service are missing in the window: see `coverage`.
    Coverage,
    /// The service serves no requests: it has no server or consumer spans, and no such metrics.
    NoRequests,
    /// The service has fewer than 20 requests in the window.
    FewRequests,
    /// The service has fewer than 50 requests in the baseline to compare with.
    NoBaseline,
}

/// The requests that a service served in a time range.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ServiceNumbers {
    /// Requests per second, in the part of the time range that the stored data covers.
    pub requests_per_second: f64,
    /// How many requests there were.
    pub requests: u64,
    /// How many requests failed: by the status of the span if counted from spans; by HTTP status,
    /// gRPC status or `error.type` if counted from metrics.
    pub errors: u64,
    /// The part of the requests that failed: `errors / requests`, from 0 to 1; 0 without requests.
    pub error_rate: f64,
    /// The median duration in microseconds; null when not known.
    pub p50_us: Option<i64>,
    /// The 95th percentile of the durations in microseconds; null when not known.
    pub p95_us: Option<i64>,
    /// Whether the percentiles are exact; those of metrics are not.
    pub exact: bool,
    /// Percentiles that are null are above this many microseconds; null when all are known.
    pub beyond_us: Option<i64>,
    /// What the counts stand for, where they come from spans and only a share of these is recorded.
    /// Absent where everything is recorded. Shares and percentiles are those of the recorded ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
}

/// The requests of one kind that a service served.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct KindOfRequests {
    /// The kind of requests.
    pub kind: RequestKind,
    /// What the requests were counted from: `metrics` or `spans`.
    pub source: RedSource,
    /// The numbers in the window.
    pub now: ServiceNumbers,
    /// The numbers in the baseline; null without requests in the baseline.
    pub before: Option<ServiceNumbers>,
}

/// Values of a resource attribute, as far as they are known from the newest spans of the service.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ValueList {
    /// The values, sorted; at most eight.
    pub values: Vec<String>,
    /// How many values there are.
    pub count: u64,
}

/// One HTTP route, gRPC method, message or other operation that a service serves.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ServiceOperation {
    /// The kind of requests.
    pub kind: RequestKind,
    /// The name: `POST /charge`.
    pub name: String,
    /// The numbers in the window.
    pub now: RedNumbers,
    /// The numbers in the baseline; null without requests in the baseline.
    pub before: Option<RedNumbers>,
}

/// More about one service.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ServiceDetail {
    /// What the service serves, most requests first; at most 100.
    pub operations: Vec<ServiceOperation>,
    /// How many operations are not in `operations`.
    pub operations_left_out: u64,
    /// Calls to the service, most calls first.
    pub callers: Vec<ServiceCall>,
    /// Calls by the service, also to databases, most calls first.
    pub callees: Vec<ServiceCall>,
    /// The SQL statements of the service, most time first; at most 100.
    pub statements: Vec<ServiceStatement>,
    /// What the statements were counted from: `metrics` or `spans`.
    pub statements_source: Option<RedSource>,
    /// Server and consumer spans of the service in the window by `host.name`.
    pub hosts: Option<Groups>,
    /// Server and consumer spans of the service in the window by `service.version`.
    pub versions: Option<Groups>,
}

/// Calls from one node of the service map to another.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ServiceCall {
    /// The calls in the window; 0 calls if only the baseline has any.
    pub edge: TopologyEdge,
    /// The kind of the other node: `service`, `database`, `queue` or `external`.
    #[serde(with = "json::NodeKindJson")]
    pub kind: NodeKind,
    /// The calls in the baseline; null without any.
    pub before: Option<TopologyEdge>,
}

/// One SQL statement.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ServiceStatement {
    /// The numbers of the statement; `before` are those of the baseline.
    pub row: RedRow,
    /// How long all its calls in the window took together, in microseconds; 0 if metrics have no
    /// sums.
    pub total_us: u64,
}
