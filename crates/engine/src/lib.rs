//! The contract of an engine: whatever stores spans and metrics, and answers questions about them.
//!
//! An engine implements five traits, all of which block their caller: [`TraceReader`], [`MetricReader`],
//! [`PageWriter`], [`Fleet`] and [`Retention`]; a type that has all five is an [`Engine`]. This crate has the
//! traits, the types that pass through them, and no implementation. `coral-store` implements them on one
//! directory of Parquet files.
//!
//! Three ideas hold for every trait:
//! - **A trace is whole.** Its figures count each stored span once, also one that came late.
//! - **A question has a [`Budget`]**: it ends when its deadline passes, when it read too much, or when nobody
//!   waits for the answer any more.
//! - **A weaker engine says so** in its [`Capabilities`], and answers [`EngineError::Unsupported`] rather than
//!   something else than was asked.
#![warn(missing_docs)]

mod budget;
mod capabilities;
mod columns;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod extent;
pub mod filter;
mod fleet;
mod metrics;
mod page;
mod query;
mod reader;
mod retention;
mod trace;

pub use budget::{Budget, BudgetError, CancelOnDrop, Pace};
pub use capabilities::Capabilities;
pub use columns::Columns;
pub use error::{EngineError, Source};
pub use extent::{Extent, MetricExtent};
pub use filter::{Filter, FilterCapabilities};
pub use fleet::{Checkpoint, Coverage, Fleet, KnownAgent, MetricCheckpoint, Signal};
pub use metrics::{DeltaQuery, MetricReader, StoredDelta};
pub use page::{AppendedPage, Page, PageContent, PageWriter};
pub use query::{Order, TraceQuery, TraceSummary};
pub use reader::{MAX_OPERATIONS, MAX_SERVICES, Operation, TraceReader};
pub use retention::{
    MetricMaintenance, MetricRetention, Retention, SpanMaintenance, SpanRetention,
};
pub use trace::{StoredSpan, StoredTrace};

/// An engine: everything that a colony needs of what stores its data. Implemented for every type that has the
/// five traits; `Arc<dyn Engine>` is how a colony holds one.
pub trait Engine: TraceReader + MetricReader + PageWriter + Fleet + Retention {}

impl<E: TraceReader + MetricReader + PageWriter + Fleet + Retention + ?Sized> Engine for E {}
