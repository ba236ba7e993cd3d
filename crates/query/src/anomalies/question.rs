//! The parameters of a search for changes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Asks what changed between a baseline and the window after it. Times are microseconds since the
/// Unix epoch; time ranges are half-open.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnomaliesQuestion {
    /// The window's start: traces that started at or after this time, microseconds since the Unix
    /// epoch.
    pub since_unix_us: i64,
    /// The window's end: traces that started before this time, microseconds since the Unix epoch.
    pub until_unix_us: i64,
    /// How long the baseline is, in microseconds. The baseline ends where the window begins. If
    /// `find_beginning` found when a change began, the baseline ends at least a minute before the
    /// change.
    pub baseline_us: i64,
    /// Whether to find when the change began, in the eight hours before `until_unix_us`, and to
    /// compare the traces after it with those before it. When no beginning is found, the window
    /// begins at `since_unix_us`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub find_beginning: bool,
}
