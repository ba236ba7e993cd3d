//! The answer to a question in SQL.

use coral_store::SqlColumn;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The rows of one SELECT.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SqlAnswer {
    /// Name and DuckDB type of each column. Two columns may have the same name.
    pub columns: Vec<SqlColumn>,
    /// One list of values for each row. Times are RFC 3339 text, lists and structures are JSON,
    /// and NULL is null. A value that JSON cannot express (DECIMAL, HUGEINT, Infinity) is text.
    pub rows: Vec<Vec<Value>>,
    /// Whether `sql.max_rows` or `sql.max_bytes` cut the answer.
    pub more: bool,
    /// The error of DuckDB, if the statement failed after the first rows; otherwise absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
