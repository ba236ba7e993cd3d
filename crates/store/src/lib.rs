//! The embedded engine: stores spans and metrics in a directory.
//!
//! A [`Store`] is one directory: `log/` with the newest commits, whose rows are in memory too;
//! `segments/` with sealed, immutable Parquet files; `metrics/` likewise; `coverage/` with the
//! coverage timeline; `store.json` with the store id; `LOCK`, which one process holds; `sql/` and `coral.sql` for SQL. Rows get a receipt
//! in commit order. A committed span survives `kill -9`. A span is stored once, even if it is sent
//! again.
//!
//! All calls block, so call them on threads that may.
#![warn(missing_docs)]

mod calls;
mod clock;
mod commit;
mod coverage;
mod disk;
mod error;
mod hot;
mod identity;
mod journal;
mod keep;
mod layout;
mod metrics;
mod page_columns;
mod parallel;
mod parquet_source;
mod read;
mod row;
mod segment;
mod spans;
mod sql;
mod store;
#[cfg(test)]
mod tests;
mod varint;

pub use commit::appended::Appended;
// Types of the engine's contract, for callers that use a store without `coral_engine`.
pub use coral_engine::{
    Checkpoint, ColumnsLayout, DeltaQuery, Extent, KnownAgent, MetricCheckpoint, MetricExtent,
    MetricMaintenance, MetricMerge, MetricRetention, Order, PageColumns, SpanMaintenance,
    SpanRetention, StoredDelta, StoredSpan, StoredTrace, TraceSummary,
};
pub use error::StoreError;
pub use keep::repair::Repaired;
pub use metrics::{AppendedPoints, MetricPage};
pub use page_columns::gather::ColumnPage;
pub use read::page::{Page, PageLimit};
pub use read::search::query::IndexedQuery;
pub use row::arrived::{OriginRows, SpanRows, SpanRowsBuilder};
pub use sql::{
    FoundBy, FoundLibrary, LibraryError, LibraryPlaces, SqlColumn, SqlExport, SqlFailure,
    SqlFailureKind, SqlFrame, SqlLimits, SqlRequest, SqlSnapshot, answer_sql, export_sql,
    find_library, library_version,
};
pub use store::{Store, StoreConfig};
