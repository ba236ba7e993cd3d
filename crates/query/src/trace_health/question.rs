//! The parameters of the question whether traces are whole.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Asks whether traces are whole: which spans are missing or not linked, and why. Times are
/// microseconds since the Unix epoch; the time range is half-open.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceHealthQuestion {
    /// Only problems of this service, and of calls from or to it. Null: of all services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Only traces that started at or after this time.
    pub since_unix_us: i64,
    /// Only traces that started before this time.
    pub until_unix_us: i64,
}
