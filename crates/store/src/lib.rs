//! Spans to DuckDB and back: the only crate that knows SQL.
//!
//! A [`Store`] is one directory: `coral.duckdb` with the newest rows, and `segments/` with sealed,
//! immutable Parquet files. Rows get a receipt in commit order; a committed span survives `kill -9`; a
//! span is stored once, whoever repeats it.
//!
//! All calls block, and are meant for threads that may. Names of RFD 036: `StoreTrace` is
//! [`Store::append`], `QueryTraces` is [`Store::search`], `QueryTraceByID` is [`Store::trace`],
//! `InsertBeylaTraces` is [`Store::append_page`], `CleanupOldBeylaTraces` is [`Store::maintain`].
#![warn(missing_docs)]

mod append;
mod batch;
mod checkpoint;
mod error;
mod json;
mod lookup;
mod maintain;
mod origins;
mod page;
mod parts;
mod promoted;
mod readers;
mod record;
mod row;
mod schema;
mod search;
mod seen;
mod segment;
mod statement;
mod store;
#[cfg(test)]
mod tests;
mod views;

pub use append::Appended;
pub use checkpoint::{Checkpoint, KnownAgent};
pub use error::StoreError;
pub use lookup::StoredTrace;
pub use maintain::{Keep, Maintained};
pub use page::Page;
pub use row::StoredSpan;
pub use schema::Resources;
pub use search::{Order, TraceQuery, TraceSummary};
pub use store::{Extent, Store, StoreConfig};
