//! Keys or values of spans as an answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Keys that spans have, or values of a key, most frequent first.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct AttributeList {
    /// The key whose values are listed; null for a list of keys.
    pub key: Option<String>,
    /// The keys or values, those of most spans first, then in the order of their text. Keys that every
    /// span has, such as `service` and `status`, come first.
    pub items: Vec<AttributeItem>,
    /// How many spans were looked at: those of the newest traces that meet the search.
    pub of: u64,
    /// Whether there may be further keys, values or spans: more traces match than were read, or
    /// more items begin with `prefix` than `limit`.
    pub cut: bool,
}

/// A key or a value.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct AttributeItem {
    /// The key, or the value as text, cut to 500 bytes.
    pub text: String,
    /// How many of the spans have it.
    pub spans: u64,
}
