//! The parameters of a RED metrics table.

use coral_trace::red::{Protocol, Side};
use coral_trace::{TimeRange, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::ask::path_error;

/// Asks for the requests, errors and durations of one service. Times are microseconds since the
/// Unix epoch.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedQuestion {
    /// The protocol of the requests: `http`, `grpc` or `sql`.
    #[serde(deserialize_with = "protocol")]
    pub protocol: RedProtocol,
    /// The service, by its `service.name`.
    pub service: String,
    /// Whether the service served the requests (`server`) or made them (`client`); for SQL always
    /// `client`.
    #[serde(default)]
    pub side: RedSide,
    /// Whether requests are counted from metrics or from stored spans. Null: from metrics, or from
    /// spans if the window has no such metrics of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<RedSource>,
    /// The window's start, in microseconds since the Unix epoch: requests that metrics counted at
    /// or after this time, or spans of traces that started then.
    pub since_unix_us: i64,
    /// The window's end, exclusive, in microseconds since the Unix epoch.
    pub until_unix_us: i64,
    /// Also return the same numbers for a window of equal length this many microseconds earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_us: Option<i64>,
    /// Whether to return traces of slow requests too.
    #[serde(default)]
    pub slow: bool,
    /// With `slow`: the latency threshold in microseconds. Null: the P95 of each row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_us: Option<i64>,
}

/// The protocol of the requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RedProtocol {
    /// HTTP requests by route.
    Http,
    /// gRPC calls by method.
    Grpc,
    /// SQL statements by operation and table.
    Sql,
}

/// Which side of a call was measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RedSide {
    /// Requests that the service served.
    #[default]
    Server,
    /// Requests that the service made.
    Client,
}

/// What requests are counted from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RedSource {
    /// Beyla's metrics, which count every request, whether its trace is sampled or not.
    Metrics,
    /// Stored spans: eBPF spans, or SDK spans when eBPF has seen no such request of the service.
    Spans,
}

impl RedQuestion {
    /// The window of the question, moved back by `earlier` microseconds.
    pub fn window(&self, earlier: i64) -> TimeRange {
        let instant = |micros: i64| UnixNanos::from_micros(micros.saturating_sub(earlier));
        TimeRange { start: instant(self.since_unix_us), end: instant(self.until_unix_us) }
    }
}

impl RedProtocol {
    /// The protocol as the command line and the URL path spell it.
    pub const fn as_str(self) -> &'static str {
        self.protocol().as_str()
    }

    /// The protocol as a type of `coral_trace`.
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Http => Protocol::Http,
            Self::Grpc => Protocol::Grpc,
            Self::Sql => Protocol::Sql,
        }
    }
}

impl RedSide {
    /// The side that is measured for `protocol`: SQL is always measured at the client.
    pub const fn effective(self, protocol: RedProtocol) -> Self {
        match (self, protocol) {
            (Self::Server, RedProtocol::Http | RedProtocol::Grpc) => Self::Server,
            _ => Self::Client,
        }
    }

    /// The side as a type of `coral_trace`.
    pub const fn side(self) -> Side {
        match self {
            Self::Server => Side::Server,
            Self::Client => Side::Client,
        }
    }
}

impl RedSource {
    /// The source as the command line and the JSON spell it: `metrics` or `spans`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metrics => "metrics",
            Self::Spans => "spans",
        }
    }
}

pub(crate) fn protocol<'de, D: Deserializer<'de>>(from: D) -> Result<RedProtocol, D::Error> {
    let word = String::deserialize(from)?;
    let known = [RedProtocol::Http, RedProtocol::Grpc, RedProtocol::Sql];
    known.into_iter().find(|protocol| protocol.as_str() == word).ok_or_else(|| {
        path_error(
            "protocol",
            &format!("`{word}` has no RED metrics; valid are http, grpc and sql"),
        )
    })
}
