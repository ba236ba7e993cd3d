//! What can be asked about changes since a baseline.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What changed between a baseline and the window after it. Times are microseconds since the Unix epoch; windows are
/// half-open.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnomaliesQuestion {
    /// Traces that started at or after this.
    pub since_unix_us: i64,
    /// Traces that started before this.
    pub until_unix_us: i64,
    /// How long the baseline is, which ends where the window begins.
    pub baseline_us: i64,
}
