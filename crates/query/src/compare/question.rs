//! The parameters of a comparison.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::Source;

/// Asks how two traces, or two sets of traces, differ. Times are microseconds since the Unix epoch;
/// time ranges are half-open.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareQuestion {
    /// A trace: its id, or a prefix of at least four digits that only one stored trace has. Or, after
    /// `q:`, a search as in a list of traces: `q:service:payments duration>1s`.
    pub a: String,
    /// What `a` is compared with, in the form of `a`. Null: healthy traces of the same operation,
    /// of the hour before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<String>,
    /// For searches: traces that started at or after this time, microseconds since the Unix epoch.
    /// Null: an hour before `until_unix_us`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_unix_us: Option<i64>,
    /// For searches: traces that started before this time, microseconds since the Unix epoch. Null:
    /// now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_unix_us: Option<i64>,
    /// Which spans count: `all`, `ebpf` or `sdk`.
    #[serde(default)]
    pub source: Source,
}
