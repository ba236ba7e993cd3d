//! A question in SQL.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One SELECT over the views of spans and RED metrics: the body of `POST /api/v1/sql`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlQuestion {
    /// The SELECT statement.
    pub sql: String,
    /// Time in microseconds since the Unix epoch. The views leave out spans that started, and
    /// requests that were counted, before this time. Without it, the views contain everything that
    /// is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_unix_us: Option<i64>,
}

impl SqlQuestion {
    /// Path of the route.
    pub const PATH: &str = "/api/v1/sql";
}
