//! Answers to questions in SQL.

use coral_store::SqlColumn;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The rows of one SELECT.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SqlAnswer {
    /// Name and DuckDB type of each column; two may have one name.
    pub columns: Vec<SqlColumn>,
    /// Numbers as numbers, times as RFC 3339 text, lists and structures as JSON, NULL as null; what JSON has no
    /// form for (DECIMAL, HUGEINT, Infinity) as text.
    pub rows: Vec<Vec<Value>>,
    /// `sql.max_rows` or `sql.max_bytes` cut the answer.
    pub more: bool,
    /// Why the answer ends here, when DuckDB failed after the first rows; there is no such field otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
