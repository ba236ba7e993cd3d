//! Spans to disk and back.
//!
//! A [`Store`] is one directory: `log/` with the newest commits, whose rows are in memory too; `segments/`
//! with sealed, immutable Parquet files; `store.json`, which says which store it is, and `LOCK`, which one
//! process holds; `sql/` and `coral.sql`, for people who ask in SQL. Rows get a receipt in commit order; a committed span survives `kill -9`; a span
//! is stored once, whoever repeats it.
//!
//! All calls block, and are meant for threads that may. Names of RFD 036: `StoreTrace` is
//! [`Store::append`], `QueryTraces` is [`Store::search`], `QueryTraceByID` is [`Store::trace`],
//! `InsertBeylaTraces` is [`Store::append_page`], `CleanupOldBeylaTraces` is [`Store::maintain`].
#![warn(missing_docs)]

mod append;
mod batch;
mod checkpoint;
mod dependencies;
mod error;
mod generation;
mod identity;
mod json;
mod live;
mod log;
mod lookup;
mod maintain;
mod metrics;
mod origins;
mod page;
mod part;
mod promoted;
mod record;
mod row;
mod search;
mod seen;
mod segment;
mod services;
mod since;
mod sql;
mod store;
#[cfg(test)]
mod tests;
mod writer;

pub use append::Appended;
pub use checkpoint::{Checkpoint, KnownAgent};
pub use error::StoreError;
pub use lookup::StoredTrace;
pub use maintain::{Keep, Maintained};
pub use metrics::{
    AppendedPoints, MetricCheckpoint, MetricExtent, MetricKeep, MetricPage, MetricsMaintained,
    StoredDelta,
};
pub use page::Page;
pub use row::StoredSpan;
pub use search::{Order, TraceQuery, TraceSummary};
pub use sql::{
    FoundBy, FoundLibrary, LibraryError, LibraryPlaces, SqlColumn, SqlExport, SqlFailure,
    SqlFailureKind, SqlFrame, SqlLimits, SqlRequest, SqlSnapshot, answer_sql, export_sql,
    find_library, library_version,
};
pub use store::{Extent, Store, StoreConfig};
