//! The metrics that exist.

/// What a metric counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Family {
    /// Requests and other work by service, name, kind and status.
    SpanCalls,
    /// Calls by caller and callee.
    Edges,
}

/// Which number of a series a metric has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// How many there were.
    Count,
    /// How many failed.
    Failed,
    /// How many took at most `le` seconds, by the histogram with this index.
    Bucket(usize),
    /// How many seconds they took together.
    Sum(usize),
}

/// One metric.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Metric {
    /// The name, such as `traces_spanmetrics_calls_total`.
    pub name: &'static str,
    /// The name without `_bucket`, `_sum` and `_count`.
    pub family_name: &'static str,
    /// The type of the metric in Prometheus: `counter` or `histogram`.
    pub kind: &'static str,
    /// What the metric counts, as a sentence.
    pub help: &'static str,
    pub family: Family,
    pub part: Part,
}

/// Upper bounds of the buckets of `traces_spanmetrics_latency` in seconds: Tempo's defaults.
const SPAN_BOUNDS: [f64; 14] = [
    0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192,
    16.384,
];

/// Upper bounds of the buckets of `traces_service_graph_request_*_seconds` in seconds: Tempo's
/// defaults.
const EDGE_BOUNDS: [f64; 8] = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8];

const CALLS: &str = "Requests and other spans, by service, name, kind and status.";
const LATENCY: &str = "How long requests and other spans took, in seconds.";
const REQUESTS: &str = "Calls of one service to another service, database, queue or address.";
const FAILED: &str = "Calls that failed, by the status of either side.";
const SERVER: &str = "How long calls took, in seconds, as the callee saw it.";
const CLIENT: &str = "How long calls took, in seconds, as the caller saw it.";

/// Every metric, by name.
pub(crate) const METRICS: [Metric; 12] = [
    histogram(
        "traces_service_graph_request_client_seconds_bucket",
        "traces_service_graph_request_client_seconds",
        CLIENT,
        Family::Edges,
        Part::Bucket(1),
    ),
    histogram(
        "traces_service_graph_request_client_seconds_count",
        "traces_service_graph_request_client_seconds",
        CLIENT,
        Family::Edges,
        Part::Count,
    ),
    histogram(
        "traces_service_graph_request_client_seconds_sum",
        "traces_service_graph_request_client_seconds",
        CLIENT,
        Family::Edges,
        Part::Sum(1),
    ),
    counter("traces_service_graph_request_failed_total", FAILED, Family::Edges, Part::Failed),
    histogram(
        "traces_service_graph_request_server_seconds_bucket",
        "traces_service_graph_request_server_seconds",
        SERVER,
        Family::Edges,
        Part::Bucket(0),
    ),
    histogram(
        "traces_service_graph_request_server_seconds_count",
        "traces_service_graph_request_server_seconds",
        SERVER,
        Family::Edges,
        Part::Count,
    ),
    histogram(
        "traces_service_graph_request_server_seconds_sum",
        "traces_service_graph_request_server_seconds",
        SERVER,
        Family::Edges,
        Part::Sum(0),
    ),
    counter("traces_service_graph_request_total", REQUESTS, Family::Edges, Part::Count),
    counter("traces_spanmetrics_calls_total", CALLS, Family::SpanCalls, Part::Count),
    histogram(
        "traces_spanmetrics_latency_bucket",
        "traces_spanmetrics_latency",
        LATENCY,
        Family::SpanCalls,
        Part::Bucket(0),
    ),
    histogram(
        "traces_spanmetrics_latency_count",
        "traces_spanmetrics_latency",
        LATENCY,
        Family::SpanCalls,
        Part::Count,
    ),
    histogram(
        "traces_spanmetrics_latency_sum",
        "traces_spanmetrics_latency",
        LATENCY,
        Family::SpanCalls,
        Part::Sum(0),
    ),
];

const fn counter(name: &'static str, help: &'static str, family: Family, part: Part) -> Metric {
    Metric { name, family_name: name, kind: "counter", help, family, part }
}

const fn histogram(
    name: &'static str,
    family_name: &'static str,
    help: &'static str,
    family: Family,
    part: Part,
) -> Metric {
    Metric { name, family_name, kind: "histogram", help, family, part }
}

impl Family {
    /// The upper bounds of the buckets, in seconds, without infinity.
    pub const fn bounds(self) -> &'static [f64] {
        match self {
            Self::SpanCalls => &SPAN_BOUNDS,
            Self::Edges => &EDGE_BOUNDS,
        }
    }

    /// How many histograms a series has.
    pub const fn histograms(self) -> usize {
        match self {
            Self::SpanCalls => 1,
            Self::Edges => 2,
        }
    }
}
