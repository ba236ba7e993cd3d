//! SQL over the files of a store, with a DuckDB library that is loaded at run time.
//!
//! No build contains DuckDB's code. Each question runs in a child process, which gets a
//! [`SqlRequest`] on standard input and answers with lines on standard output ([`SqlFrame`]). Thus
//! a crash of DuckDB, or too much memory, ends one question and not the colony. The store gives
//! the child a [`SqlSnapshot`]: sealed files, which stay while the snapshot is held, and files
//! with the rows in memory.

mod answer;
mod cells;
mod engine;
mod export;
mod files;
mod library;
mod request;
mod script;
mod snapshot;
mod statement;

pub use self::answer::answer_sql;
pub use self::engine::library_version;
pub use self::export::{SqlExport, export_sql};
pub use self::library::{FoundBy, FoundLibrary, LibraryError, LibraryPlaces, find_library};
pub use self::request::{SqlColumn, SqlFailure, SqlFailureKind, SqlFrame, SqlLimits, SqlRequest};
pub use self::snapshot::SqlSnapshot;

#[cfg(test)]
pub(crate) use self::engine::Engine;
pub(crate) use self::files::prepare;
pub(crate) use self::snapshot::snapshot;

/// An SQL string literal with the value `text`.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
