//! The parameters of the search for a cause.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Asks why a service, or one trace, is slower than its baseline or behaves differently. Times are
/// microseconds since the Unix epoch; time ranges are half-open.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhyQuestion {
    /// The service to explain. Null: all services; with `trace_id`, the service of the trace's
    /// root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Only requests of this HTTP route, or whose span has this name. Null: all requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Explain one trace: its id, or a prefix of the id that only one stored trace has. Null:
    /// explain the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The window's start: traces that started at or after this time, microseconds since the Unix
    /// epoch. Ignored with `trace_id`.
    #[serde(default)]
    pub since_unix_us: i64,
    /// The window's end: traces that started before this time, microseconds since the Unix epoch.
    /// Ignored with `trace_id`.
    #[serde(default)]
    pub until_unix_us: i64,
    /// How long the baseline is, in microseconds. The baseline ends where the window, or the trace,
    /// begins. If `find_beginning` found when a change began, the baseline ends at least a minute
    /// before the change.
    pub baseline_us: i64,
    /// Whether to find when the change began, in the eight hours before `until_unix_us`, and to
    /// compare the traces after it with those before it. When no beginning is found, the window
    /// begins at `since_unix_us`. Ignored with `trace_id`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub find_beginning: bool,
}
