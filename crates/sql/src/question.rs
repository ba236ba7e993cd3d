//! What can be asked in SQL.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One SELECT over the views of spans and RED metrics: the body of `POST /api/v1/sql`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlQuestion {
    /// The statement.
    pub sql: String,
    /// Spans that started, and requests that were counted, before this are in no view: microseconds since the
    /// Unix epoch. Without it, all that is stored is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_unix_us: Option<i64>,
}

impl SqlQuestion {
    /// Where it is posted to.
    pub const PATH: &str = "/api/v1/sql";
}
