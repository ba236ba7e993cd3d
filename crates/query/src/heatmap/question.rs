//! The parameters of a heatmap.

use coral_trace::{TimeRange, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::Source;
use crate::traces::TracesQuestion;

/// Asks how many traces started when, and how long they took. Times are microseconds since the Unix
/// epoch.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeatmapQuestion {
    /// Only traces that match this search, in the language of `q` of a list of traces.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// Only traces with a span of this service; null for all services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The window's start: traces that started at or after this time, microseconds since the Unix
    /// epoch.
    pub since_unix_us: i64,
    /// The window's end: traces that started before this time, microseconds since the Unix epoch.
    pub until_unix_us: i64,
    /// Which spans count: `all`, `ebpf` or `sdk`.
    #[serde(default)]
    pub source: Source,
    /// Into how many parts of equal length the window is divided: 1 to 240; 0 means 60.
    #[serde(default)]
    pub columns: u32,
    /// The number of ranges of durations: 1 to 60; 0 means 20.
    #[serde(default)]
    pub rows: u32,
}

impl HeatmapQuestion {
    /// The largest number of columns.
    pub const MAX_COLUMNS: u32 = 240;
    /// The number of columns when the question names none.
    pub const DEFAULT_COLUMNS: u32 = 60;
    /// The largest number of rows.
    pub const MAX_ROWS: u32 = 60;
    /// The number of rows when the question names none.
    pub const DEFAULT_ROWS: u32 = 20;

    /// The window, as a time range.
    pub fn window(&self) -> TimeRange {
        TimeRange {
            start: UnixNanos::from_micros(self.since_unix_us),
            end: UnixNanos::from_micros(self.until_unix_us),
        }
    }

    /// The list of the traces that are counted.
    pub(super) fn traces(&self) -> TracesQuestion {
        TracesQuestion {
            q: self.q.clone(),
            service: self.service.clone(),
            since_unix_us: Some(self.since_unix_us),
            until_unix_us: Some(self.until_unix_us),
            source: self.source,
            ..TracesQuestion::default()
        }
    }
}
