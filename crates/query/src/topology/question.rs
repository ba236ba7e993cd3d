//! What can be asked about who calls whom.

use coral_trace::{TimeRange, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::Source;

/// Who called whom in the traces that started in a window. Times are microseconds since the Unix epoch.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TopologyQuestion {
    /// Traces that started at or after this.
    pub since_unix_us: i64,
    /// Traces that started before this.
    pub until_unix_us: i64,
    /// Whose spans count.
    #[serde(default)]
    pub source: Source,
    /// Say what changed since so long a time before the window, which ends where the window begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_us: Option<i64>,
}

impl TopologyQuestion {
    /// The window.
    pub fn window(&self) -> TimeRange {
        range(self.since_unix_us, self.until_unix_us)
    }

    /// What it is compared with.
    pub fn before(&self) -> Option<TimeRange> {
        let since = self.since_unix_us.saturating_sub(self.diff_us?);
        Some(range(since, self.since_unix_us))
    }
}

fn range(since: i64, until: i64) -> TimeRange {
    TimeRange { start: UnixNanos::from_micros(since), end: UnixNanos::from_micros(until) }
}
