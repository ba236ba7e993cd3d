//! SQL for people: DuckDB, loaded at run time, over the files of a store.
//!
//! No C++ of DuckDB is in any build. A question runs in a child process, which gets a [`SqlRequest`] on its
//! standard input and answers with lines on its standard output (see [`SqlFrame`]): a crash of DuckDB, or
//! memory that it takes, ends one question and not the colony. The store gives the child a [`SqlSnapshot`]:
//! sealed files that stay while it is held, and the rows in memory as further files.

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

/// The text of an SQL string literal with `text` as its value.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
