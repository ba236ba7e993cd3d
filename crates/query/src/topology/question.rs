//! The parameters of the service map.

use coral_trace::{TimeRange, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::Source;

/// Asks which service calls which, in the traces that started in a window. Times are microseconds
/// since the Unix epoch.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TopologyQuestion {
    /// The window's start: traces that started at or after this time, microseconds since the Unix
    /// epoch.
    pub since_unix_us: i64,
    /// The window's end: traces that started before this time, microseconds since the Unix epoch.
    pub until_unix_us: i64,
    /// Which spans count: `all`, `ebpf` or `sdk`.
    #[serde(default)]
    pub source: Source,
    /// Also report what changed since the time range of this many microseconds that ends where the
    /// window begins. Null: no comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_us: Option<i64>,
    /// Only the nodes within `depth` calls of the node with this name, and the edges between them.
    /// Null: the whole map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<String>,
    /// How many calls away from the node `focus` a node may be, against or along the direction of
    /// calls: 1 by default, at most 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    /// Also report where nodes and edges are in a picture. Null: no layout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<LayoutDirection>,
    /// How many nodes the layout places at most, from 1 to 300. One more node stands for those that
    /// are left over. By default 40 if the map has more than 60 nodes, and else all nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top: Option<u32>,
}

/// The direction of calls in the picture of a service map.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LayoutDirection {
    /// From left to right.
    #[default]
    Lr,
}

impl TopologyQuestion {
    /// The window, as a time range.
    pub fn window(&self) -> TimeRange {
        range(self.since_unix_us, self.until_unix_us)
    }

    /// The time range that the window is compared with; `None` without `diff_us`.
    pub fn before(&self) -> Option<TimeRange> {
        let since = self.since_unix_us.saturating_sub(self.diff_us?);
        Some(range(since, self.since_unix_us))
    }

    /// The window, with the time range that it is compared with.
    pub(crate) fn whole(&self) -> TimeRange {
        let start = self.before().map_or(self.window().start, |before| before.start);
        TimeRange { start, ..self.window() }
    }
}

fn range(since: i64, until: i64) -> TimeRange {
    TimeRange { start: UnixNanos::from_micros(since), end: UnixNanos::from_micros(until) }
}
