//! What can be asked about causes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a service, or one trace, is slower than its baseline or changed since. Times are microseconds since the
/// Unix epoch; windows are half-open.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhyQuestion {
    /// The service that was asked about; without it, everything, or the service at the root of the trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Of its requests those of this route, or whose span has this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// This trace alone, or the only one whose id begins so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Traces that started at or after this. Ignored for one trace.
    #[serde(default)]
    pub since_unix_us: i64,
    /// Traces that started before this. Ignored for one trace.
    #[serde(default)]
    pub until_unix_us: i64,
    /// How long the baseline is, which ends where the window, or the trace, begins.
    pub baseline_us: i64,
}
