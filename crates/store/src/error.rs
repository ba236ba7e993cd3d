//! What can go wrong with a store.

use std::path::PathBuf;

use crate::schema::SCHEMA_VERSION;

/// Why the store did not do what was asked. Nothing was changed by the call that failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory cannot be made, listed or written.
    #[error("cannot use the store directory `{path}`")]
    Directory {
        /// The directory or file.
        path: PathBuf,
        /// The operating system's word.
        source: std::io::Error,
    },
    /// DuckDB cannot open the database: locked by another process, corrupt, or of a newer format.
    #[error("cannot open database `{path}`")]
    Open {
        /// The database file.
        path: PathBuf,
        /// DuckDB's word.
        source: duckdb::Error,
    },
    /// A newer or older Coral wrote this store.
    #[error(
        "`{path}` has schema version {found}; this build needs {SCHEMA_VERSION}. Start the Coral \
         that wrote it, or name another data directory"
    )]
    SchemaVersion {
        /// The database file.
        path: PathBuf,
        /// What stands in it.
        found: u32,
    },
    /// A statement failed: most often a full disk, the memory limit or a damaged file.
    #[error("statement `{statement}` failed")]
    Statement {
        /// The statement's file under `src/sql`, or the table appended to.
        statement: &'static str,
        /// DuckDB's word.
        source: duckdb::Error,
    },
    /// A stored value is not what was written: the file is damaged or was edited.
    #[error("column `{column}` holds {found}, which this build never writes")]
    Damaged {
        /// The column.
        column: &'static str,
        /// What was found instead.
        found: String,
    },
}

impl StoreError {
    /// Names the statement that failed.
    pub(crate) fn statement(statement: &'static str) -> impl FnOnce(duckdb::Error) -> Self {
        move |source| Self::Statement { statement, source }
    }

    /// Names the directory or file that failed.
    pub(crate) fn directory(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Directory { path, source }
    }
}
