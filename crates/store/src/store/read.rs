//! Reads spans. Each question is a function in a module of its own.

use std::collections::BTreeSet;

use coral_engine::{Budget, Columns, StoredSpan, StoredTrace, TraceSummary};
use coral_trace::dependency::Dependencies;
use coral_trace::{Collector, SpanId, TimeRange, TraceId, UnixNanos};

use super::Store;
use crate::error::StoreError;
use crate::read::lookup;
use crate::read::page::{self, Page, Wanted};
use crate::read::search;
use crate::read::search::plan::Plan;
use crate::read::search::query::IndexedQuery;
use crate::read::{dependencies, services, since};
use crate::sql::{self, SqlSnapshot};

impl Store {
    /// The spans of `trace`, of `collector` or of both, the first `limit` by start. An empty result
    /// means that the trace is not stored. RFD 036's `QueryTraceByID`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn trace(
        &self,
        trace: TraceId,
        collector: Option<Collector>,
        limit: u32,
    ) -> Result<StoredTrace, StoreError> {
        let (live, budget) = (&self.0.spans.live, Budget::unlimited());
        live.reading(|| lookup::one_trace(live, trace, collector, Columns::ALL, limit, &budget))
    }

    /// Whether a span of `trace` is stored. Reads no span.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn contains(&self, trace: TraceId) -> Result<bool, StoreError> {
        let live = &self.0.spans.live;
        live.reading(|| lookup::contains(live, trace, &Budget::unlimited()))
    }

    /// Spans of `collector`, or of both, in `traces`: trace by trace, each by start, at most
    /// `limit`. With `span`, only the span with that id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn spans_of(
        &self,
        traces: &[TraceId],
        collector: Option<Collector>,
        span: Option<SpanId>,
        limit: u32,
    ) -> Result<Vec<StoredSpan>, StoreError> {
        let (live, budget) = (&self.0.spans.live, Budget::unlimited());
        live.reading(|| {
            lookup::spans_of(live, traces, collector, span, Columns::ALL, limit, &budget)
        })
    }

    /// Returns spans of `collector` with a receipt above `after`, in order of receipt, at most `limit`.
    ///
    /// The order is that of receipt, not of start: a long request starts early and is received
    /// late, and a cursor by start would skip it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn spans_after(
        &self,
        collector: Collector,
        after: u64,
        limit: u32,
    ) -> Result<Page, StoreError> {
        let (live, wanted) =
            (&self.0.spans.live, Wanted { collector, service: None, columns: Columns::ALL });
        let budget = Budget::unlimited();
        live.reading(|| page::page(live, wanted, after, limit as usize, &budget))
    }

    /// Like [`spans_after`](Self::spans_after), for one service. Of other spans only service and
    /// collector are read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn spans_of_service_after(
        &self,
        service: &str,
        collector: Collector,
        after: u64,
        limit: u32,
    ) -> Result<Page, StoreError> {
        let (live, wanted) = (
            &self.0.spans.live,
            Wanted { collector, service: Some(service), columns: Columns::ALL },
        );
        let budget = Budget::unlimited();
        live.reading(|| page::page(live, wanted, after, limit as usize, &budget))
    }

    /// A receipt below those of all spans received at `instant` or later.
    pub fn receipt_before(&self, instant: UnixNanos) -> u64 {
        since::receipt_before(&self.0.spans.live, instant)
    }

    /// The services in all segments and hot rows that hold traces started in `started`, by name. At
    /// most 100,000, of the newest segments. A segment may add services that have no span in
    /// `started`.
    ///
    /// Reads dictionaries and no rows: 2.1 million spans in 13 segments take 15-35 ms.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn services(&self, started: TimeRange) -> Result<BTreeSet<String>, StoreError> {
        let live = &self.0.spans.live;
        live.reading(|| services::services(live, started, &Budget::unlimited()))
    }

    /// The traces that match `query`, in its order. Numbers of a trace count all its stored spans,
    /// also those outside the range and late ones. RFD 036's `QueryTraces`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn search(&self, query: &IndexedQuery) -> Result<Vec<TraceSummary>, StoreError> {
        search::search(&self.0.spans.live, &Plan::indexed(query), &Budget::unlimited())
    }

    /// The service map of the traces that started in `started`, as `collector` or both observed
    /// them. All spans of these traces count, also those outside the range. Times are compared in
    /// microseconds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn dependencies(
        &self,
        started: TimeRange,
        collector: Option<Collector>,
    ) -> Result<Dependencies, StoreError> {
        let live = &self.0.spans.live;
        live.reading(|| dependencies::dependencies(live, started, collector, &Budget::unlimited()))
    }

    /// The files that SQL reads: all, or those that may hold rows of `since` or later.
    ///
    /// A file is excluded when all its rows were received before `since` and started before it.
    /// Rows in memory are written to a file, in half a second for 262,144 spans.
    ///
    /// # Errors
    /// [`StoreError::Directory`] or [`StoreError::Segment`]; usually the disk is full.
    pub fn sql_snapshot(&self, since: Option<UnixNanos>) -> Result<SqlSnapshot, StoreError> {
        let inner = &self.0;
        sql::snapshot(&inner.config.dir, &inner.spans.live, &inner.metrics.live, since)
    }
}
