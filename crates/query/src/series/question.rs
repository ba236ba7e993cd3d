//! The parameters of a time series.

use coral_trace::{TimeRange, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::red::{RedProtocol, RedSide, RedSource, path_protocol};

/// Asks for the requests, errors and durations of one service over time. Times are microseconds
/// since the Unix epoch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesQuestion {
    /// The protocol of the requests: `http`, `grpc` or `sql`.
    #[serde(deserialize_with = "path_protocol")]
    pub protocol: RedProtocol,
    /// The service, by its `service.name`.
    pub service: String,
    /// Only the requests of one row of a table of requests: its name, such as `POST /charge`, or its
    /// route, method, operation or table alone. Null: all requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
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
    /// Into at most how many steps the window is divided: 1 to 200; 0 means 60.
    #[serde(default)]
    pub points: u32,
}

impl SeriesQuestion {
    /// The largest number of steps.
    pub const MAX_POINTS: u32 = 200;
    /// The number of steps when the question names none.
    pub const DEFAULT_POINTS: u32 = 60;

    /// The window, as a time range.
    pub fn window(&self) -> TimeRange {
        TimeRange {
            start: UnixNanos::from_micros(self.since_unix_us),
            end: UnixNanos::from_micros(self.until_unix_us),
        }
    }
}
