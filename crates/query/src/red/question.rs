//! What can be asked about RED metrics.

use coral_trace::red::{Protocol, Side};
use coral_trace::{TimeRange, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::ask::path_error;

/// Requests of one service. Times are microseconds since the Unix epoch.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedQuestion {
    /// Which table.
    #[serde(deserialize_with = "protocol")]
    pub protocol: RedProtocol,
    /// The service.
    pub service: String,
    /// Which end of the calls it was; of SQL always the client.
    #[serde(default)]
    pub side: RedSide,
    /// Counted by what.
    #[serde(default)]
    pub source: RedSource,
    /// Counted at or after this.
    pub since_unix_us: i64,
    /// Counted before this.
    pub until_unix_us: i64,
    /// Compare with the same window so much earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_us: Option<i64>,
    /// With the traces behind requests over a line.
    #[serde(default)]
    pub slow: bool,
    /// The line; without it, each row's own P95.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_us: Option<i64>,
}

/// Which table.
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

/// Which end of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RedSide {
    /// Requests that the service served.
    #[default]
    Server,
    /// Requests that it made.
    Client,
}

/// Counted by what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RedSource {
    /// Beyla's metrics: all requests, sampled or not.
    #[default]
    Metrics,
    /// The spans that are stored: eBPF's, or the SDK's of a service that eBPF has none of.
    Spans,
}

impl RedQuestion {
    /// The window; `earlier` by so many microseconds.
    pub fn window(&self, earlier: i64) -> TimeRange {
        let instant = |micros: i64| UnixNanos::from_micros(micros.saturating_sub(earlier));
        TimeRange { start: instant(self.since_unix_us), end: instant(self.until_unix_us) }
    }
}

impl RedProtocol {
    /// As the command and the path spell it.
    pub const fn as_str(self) -> &'static str {
        self.protocol().as_str()
    }

    /// The same, as metrics know it.
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Http => Protocol::Http,
            Self::Grpc => Protocol::Grpc,
            Self::Sql => Protocol::Sql,
        }
    }
}

impl RedSide {
    /// The side that is meant; there are no servers of SQL.
    pub const fn effective(self, protocol: RedProtocol) -> Self {
        match (self, protocol) {
            (Self::Server, RedProtocol::Http | RedProtocol::Grpc) => Self::Server,
            _ => Self::Client,
        }
    }

    /// The same, as metrics know it.
    pub const fn side(self) -> Side {
        match self {
            Self::Server => Side::Server,
            Self::Client => Side::Client,
        }
    }
}

impl RedSource {
    /// `metrics` or `spans`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metrics => "metrics",
            Self::Spans => "spans",
        }
    }
}

fn protocol<'de, D: Deserializer<'de>>(from: D) -> Result<RedProtocol, D::Error> {
    let word = String::deserialize(from)?;
    let known = [RedProtocol::Http, RedProtocol::Grpc, RedProtocol::Sql];
    known.into_iter().find(|protocol| protocol.as_str() == word).ok_or_else(|| {
        path_error("protocol", &format!("`{word}` has no RED metrics; http, grpc and sql have"))
    })
}
