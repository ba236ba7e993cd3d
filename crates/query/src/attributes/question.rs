//! The parameters of a list of keys or values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::Source;
use crate::traces::TracesQuestion;

/// Asks which keys a search can have, or which values a key has, most frequent first. Times are
/// microseconds since the Unix epoch.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AttributesQuestion {
    /// Only spans that meet this search, in the language of `q` of a list of traces.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// List the values of this key: a key of a search, such as `service`, `name`, `status`, `kind`
    /// or an attribute. Empty: list keys.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Only keys or values that begin with this text; upper and lower case are the same.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// Only spans of traces that started at or after this time: microseconds since the Unix epoch.
    /// Null: no lower limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_unix_us: Option<i64>,
    /// Only spans of traces that started before this time: microseconds since the Unix epoch. Null:
    /// no upper limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_unix_us: Option<i64>,
    /// Which spans count: `all`, `ebpf` or `sdk`.
    pub source: Source,
    /// The largest number of keys or values: 1 to 1,000; 0 means 50.
    pub limit: u32,
}

impl AttributesQuestion {
    /// The largest number of keys or values in an answer.
    pub const MAX: u32 = 1_000;
    /// The number of keys or values when the question names no limit.
    pub const DEFAULT_LIMIT: u32 = 50;

    /// The list of the traces whose spans are looked at.
    pub(super) fn traces(&self) -> TracesQuestion {
        TracesQuestion {
            q: self.q.clone(),
            since_unix_us: self.since_unix_us,
            until_unix_us: self.until_unix_us,
            source: self.source,
            ..TracesQuestion::default()
        }
    }
}
