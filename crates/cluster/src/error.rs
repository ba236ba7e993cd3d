//! Errors of a cluster.

use coral_engine::{BudgetError, EngineError};

/// Why a cluster did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The settings cannot be used.
    #[error("the setting `storage.clickhouse.{key}` is wrong: {reason}")]
    Setting {
        /// The key below `storage.clickhouse`.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The runtime for requests did not start.
    #[error("cannot start the threads for requests to ClickHouse")]
    Runtime {
        /// The reason.
        source: std::io::Error,
    },
    /// TLS cannot be used.
    #[error("TLS cannot be used: {reason}")]
    Tls {
        /// The reason.
        reason: String,
    },
    /// The host gives no random numbers, from which the id of a new store is made.
    #[error("the host gives no random numbers: {reason}")]
    NoRandom {
        /// The reason.
        reason: String,
    },
    /// A later version of Coral made the tables.
    #[error("the tables at {url} have schema version {found}; this build needs at most {expected}")]
    SchemaVersion {
        /// The server.
        url: String,
        /// The version of the tables.
        found: u32,
        /// The newest version that this build knows.
        expected: u32,
    },
    /// A server belongs to another place in a cluster, or to another cluster.
    #[error("the tables at {url} are {found}, and the settings say {expected}")]
    OtherShard {
        /// The server.
        url: String,
        /// What the server says.
        found: String,
        /// What the settings say.
        expected: String,
    },
    /// A statement of a user was asked of a cluster with several shards.
    #[error("each shard has the spans of some traces, so that a statement needs all of them")]
    SeveralShards,
    /// No user is set for statements of users.
    #[error("`storage.clickhouse.sql.user` is not set")]
    NoReader,
    /// The user for statements of users may write.
    #[error("the user of `storage.clickhouse.sql.user` may write")]
    ReaderWrites,
    /// A request failed.
    #[error("ClickHouse at {url} did not {task}")]
    Request {
        /// The server.
        url: String,
        /// What the request was for: a verb with its object.
        task: &'static str,
        /// The reason.
        source: clickhouse::error::Error,
    },
    /// A stored value is not what Coral writes.
    #[error("the column `{column}` has the value `{found}`")]
    Value {
        /// The column.
        column: &'static str,
        /// The value, or why it cannot be read.
        found: String,
    },
    /// The question was cancelled, or exceeds its budget.
    #[error(transparent)]
    OverBudget(#[from] BudgetError),
}

/// ClickHouse's codes of errors for queries that take too long.
const TIMEOUT_CODES: [&str; 2] = ["Code: 159", "Code: 160"];
/// ClickHouse's code of the error for queries that take too much memory.
const MEMORY_CODE: &str = "Code: 241";

impl ClusterError {
    /// The error of a column with the value `found`.
    pub(crate) fn value(column: &'static str, found: impl ToString) -> Self {
        Self::Value { column, found: found.to_string() }
    }

    /// What ClickHouse says in an answer with an error.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Request { source: clickhouse::error::Error::BadResponse(words), .. } => {
                Some(words)
            }
            _ => None,
        }
    }
}

impl From<ClusterError> for EngineError {
    fn from(error: ClusterError) -> Self {
        let says = |code: &str| {
            let after = error.words().and_then(|words| words.split_once(code));
            after.is_some_and(|(_, rest)| !rest.starts_with(|c: char| c.is_ascii_digit()))
        };
        if TIMEOUT_CODES.into_iter().any(says) {
            return Self::OverBudget(BudgetError::Deadline);
        }
        if says(MEMORY_CODE) {
            return Self::OverBudget(BudgetError::Bytes { limit: crate::server::MAX_QUERY_BYTES });
        }
        match error {
            ClusterError::OverBudget(error) => Self::OverBudget(error),
            ClusterError::Value { .. } => Self::damaged(error),
            other => Self::unavailable(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &str) -> EngineError {
        let source = clickhouse::error::Error::BadResponse(words.to_owned());
        let url = "http://127.0.0.1:8123".to_owned();
        ClusterError::Request { url, task: "answer", source }.into()
    }

    #[test]
    fn a_query_that_takes_too_long_or_too_much_memory_is_over_its_budget() {
        let late = of("Code: 159, e.displayText() = DB::Exception: Timeout exceeded");
        assert!(matches!(late, EngineError::OverBudget(BudgetError::Deadline)));
        let large = of("Code: 241. DB::Exception: Memory limit (for query) exceeded");
        assert!(matches!(large, EngineError::OverBudget(BudgetError::Bytes { .. })));
        for other in ["Code: 15", "Code: 1591", "Code: 60, Table does not exist"] {
            assert!(matches!(of(other), EngineError::Unavailable { .. }), "{other}");
        }
    }
}
