//! What a SQL child is asked, and the lines that it answers with.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One question to a SQL child. The parent writes the JSON of it to the child's standard input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SqlRequest {
    /// DuckDB's shared library.
    pub library: PathBuf,
    /// One SELECT, WITH, FROM, VALUES or DESCRIBE statement.
    pub select: String,
    /// Parquet files with spans.
    pub span_files: Vec<PathBuf>,
    /// Parquet files with RED metrics.
    pub metric_files: Vec<PathBuf>,
    /// Rows before this time are left out of every view; microseconds since the Unix epoch.
    pub since_unix_us: Option<i64>,
    /// A private directory, in which DuckDB may write what does not fit into memory.
    pub spill_dir: PathBuf,
    /// What the answer may take.
    pub limits: SqlLimits,
}

/// What one answer may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SqlLimits {
    /// Bytes of memory that DuckDB may hold.
    pub memory: u64,
    /// Threads that DuckDB may use.
    pub threads: usize,
    /// How long the statement may run.
    pub time: Duration,
    /// Rows of the answer; the rest is cut off, and the answer says so.
    pub rows: u64,
    /// Bytes of the answer's rows as JSON; the rest is cut off, and the answer says so.
    pub bytes: u64,
}

/// A line of a SQL child that is a JSON object. A line that is a JSON array is one row of the answer.
///
/// An answer is [`Columns`](Self::Columns), rows, and [`End`](Self::End). [`Error`](Self::Error) may stand in
/// the place of each of them, and is then the last line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SqlFrame {
    /// The columns of every row that follows.
    Columns(Vec<SqlColumn>),
    /// All rows have been written.
    End {
        /// A limit of rows or bytes cut the answer.
        more: bool,
    },
    /// The answer is no answer.
    Error(SqlFailure),
}

/// One column of an answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SqlColumn {
    /// As the statement calls it; two columns may have one name.
    pub name: String,
    /// DuckDB's name of its type, such as `TIMESTAMP WITH TIME ZONE`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Why a statement has no answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{text}")]
pub struct SqlFailure {
    /// Whose fault it is.
    pub kind: SqlFailureKind,
    /// What failed, and with what; DuckDB's own words where they are DuckDB's.
    pub text: String,
}

/// Whose fault a [`SqlFailure`] is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SqlFailureKind {
    /// The statement's: it is wrong, or it is none that may be asked.
    Statement,
    /// The statement's: it needs more time or memory than one answer may take.
    Limit,
    /// The host's: there is no DuckDB library that can be used.
    Library,
    /// Coral's or DuckDB's.
    Engine,
}

impl SqlFailure {
    pub(super) fn new(kind: SqlFailureKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}
