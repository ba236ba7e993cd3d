//! Messages between a colony and its SQL child process.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One question. The parent writes it as JSON to the child's standard input.
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
    /// Excludes rows before this time from every view; microseconds since the Unix epoch.
    pub since_unix_us: Option<i64>,
    /// A private directory for DuckDB's temporary files.
    pub spill_dir: PathBuf,
    /// Limits of the answer.
    pub limits: SqlLimits,
}

/// Limits of one answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SqlLimits {
    /// Memory limit of DuckDB, in bytes.
    pub memory: u64,
    /// Number of DuckDB's threads.
    pub threads: usize,
    /// Time limit of the statement.
    pub time: Duration,
    /// The most rows. Further rows are cut off, and the answer is marked as cut.
    pub rows: u64,
    /// The most bytes of the rows as JSON. Further rows are cut off, and the answer is marked as
    /// cut.
    pub bytes: u64,
}

/// A line of an SQL child that is a JSON object. A line that is a JSON array is one row of the
/// answer.
///
/// An answer is [`Columns`](Self::Columns), rows, and [`End`](Self::End). An
/// [`Error`](Self::Error) may replace any of them, and is the last line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SqlFrame {
    /// The columns of all rows.
    Columns(Vec<SqlColumn>),
    /// The end of the answer.
    End {
        /// Whether a limit of rows or bytes cut the answer.
        more: bool,
    },
    /// The statement failed.
    Error(SqlFailure),
}

/// One column of an answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SqlColumn {
    /// Name in the statement. Two columns may have the same name.
    pub name: String,
    /// DuckDB's name of the type, such as `TIMESTAMP WITH TIME ZONE`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Why a statement failed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{text}")]
pub struct SqlFailure {
    /// What caused the failure.
    pub kind: SqlFailureKind,
    /// A description of the failure; DuckDB's message where DuckDB failed.
    pub text: String,
}

/// What caused a [`SqlFailure`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SqlFailureKind {
    /// The statement is invalid or not allowed.
    Statement,
    /// The statement exceeded the limit of time or memory.
    Limit,
    /// There is no usable DuckDB library on the host.
    Library,
    /// Coral or DuckDB failed.
    Engine,
}

impl SqlFailure {
    pub(super) fn new(kind: SqlFailureKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}
