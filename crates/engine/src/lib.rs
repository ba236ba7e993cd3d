//! The contract of an engine: whatever stores spans and metrics, and answers questions about them.
//!
//! An engine implements five traits, whose methods block: [`TraceReader`], [`MetricReader`],
//! [`PageWriter`], [`Fleet`] and [`Retention`]. A type that has all five is an [`Engine`]. This
//! crate has the traits, their types, a conformance suite, and no implementation. `coral-store`
//! implements them with a directory of Parquet files.
//!
//! Three rules hold for every trait:
//! - **A trace is whole.** Its numbers count each stored span once, including spans that arrive
//!   late.
//! - **A question has a [`Budget`].** The question ends when its deadline passes, when it has read
//!   too much, or when its client no longer waits.
//! - **An engine states what it lacks** in its [`Capabilities`], and answers
//!   [`EngineError::Unsupported`] instead of answering a different question.
#![warn(missing_docs)]

mod budget;
mod capabilities;
mod column_page;
mod columns;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod extent;
pub mod filter;
mod fleet;
mod histogram;
mod metrics;
mod page;
mod query;
mod reader;
mod received;
mod redacted;
mod retention;
mod span_columns;
mod timeline;
mod trace;

pub use budget::{Budget, BudgetError, CancelOnDrop, Pace};
pub use capabilities::Capabilities;
pub use column_page::{
    CheckedColumns, ColumnsError, ColumnsLayout, PageColumns, PageSpan, RefusedRows,
};
pub use columns::Columns;
pub use error::{EngineError, Source};
pub use extent::{Extent, MetricExtent};
pub use filter::{Filter, FilterCapabilities};
pub use fleet::{
    COLONY_TIMEOUT, Checkpoint, Fleet, KnownAgent, KnownColony, MetricCheckpoint, Signal,
    SignalTotals,
};
pub use histogram::{Grid, Histogram};
pub use metrics::{DeltaQuery, Grain, MetricReader, StoredDelta};
pub use page::{AppendedPage, Page, PageContent, PageWriter};
pub use query::{Order, TracePosition, TraceQuery, TraceSummary};
pub use reader::{MAX_OPERATIONS, MAX_SERVICES, Operation, TraceReader};
pub use received::{ReadLimit, ReceivedSpans};
pub use redacted::{RedactedParent, RedactedSpan, RedactedSpans};
pub use retention::{
    MetricMaintenance, MetricMerge, MetricRetention, Retention, ShardStatus, SpanMaintenance,
    SpanRetention,
};
pub use span_columns::{CodedColumn, SpanColumn, SpanColumns, SpanIds, WantedColumns};
pub use timeline::{AgentMinute, Minute, PolledMinute, RequestCounts};
pub use trace::{StoredSpan, StoredTrace};

/// An engine: everything that a colony needs of its storage. Every type that implements the five
/// traits is an engine. A colony holds an `Arc<dyn Engine>`.
pub trait Engine: TraceReader + MetricReader + PageWriter + Fleet + Retention {}

impl<E: TraceReader + MetricReader + PageWriter + Fleet + Retention + ?Sized> Engine for E {}
