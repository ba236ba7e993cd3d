//! Reads spans. Each question is a function in a module of its own.

use std::collections::BTreeSet;

use coral_engine::{Budget, Columns, ColumnsLayout, StoredSpan, StoredTrace, TraceSummary};
use coral_trace::dependency::Dependencies;
use coral_trace::{Collector, SpanId, TimeRange, TraceId, UnixNanos};

use super::Store;
use crate::error::StoreError;
use crate::page_columns::gather::{self, ColumnPage};
use crate::page_columns::layout;
use crate::read::lookup;
use crate::read::page::{self, Page, PageLimit, Wanted};
use crate::read::search;
use crate::read::search::plan::Plan;
use crate::read::search::query::IndexedQuery;
use crate::read::{dependencies, services};
use crate::sql::{self, SqlSnapshot};

impl Store {
    /// The spans of `trace` that `collector` observed (that any collector observed if `None`): the
    /// first `limit` by start. The result is empty if no such span is stored.
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

    /// The spans of `traces` that `collector` observed (that any collector observed if `None`): at
    /// most `limit`, by trace id and then by start. If `span` is `Some`, only spans with that id.
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

    /// [`span_page`](Self::span_page) of at most `limit` spans of any size.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn spans_after(
        &self,
        collector: Collector,
        after: u64,
        limit: u32,
    ) -> Result<Page, StoreError> {
        self.span_page(collector, after, PageLimit::of_spans(limit as usize))
    }

    /// Returns spans of `collector` with a receipt above `after`, in order of receipt, up to
    /// `limit`.
    ///
    /// Spans are not in order of start, because a long request starts early and is received late:
    /// a cursor by start would skip the request's span.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn span_page(
        &self,
        collector: Collector,
        after: u64,
        limit: PageLimit,
    ) -> Result<Page, StoreError> {
        let (live, wanted) = (
            &self.0.spans.live,
            Wanted {
                collector: Some(collector),
                services: None,
                kinds: &[],
                columns: Columns::ALL,
            },
        );
        let budget = Budget::unlimited();
        live.reading(|| page::page(live, wanted, after, limit, &budget))
    }

    /// The layout of the columns of [`column_page`](Self::column_page).
    pub fn columns_layout() -> ColumnsLayout {
        *layout::LAYOUT
    }

    /// [`span_page`](Self::span_page) by column, for another store: a message of at most `limit.bytes`
    /// bytes. `None` if the next span is too large for columns.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn column_page(
        &self,
        collector: Collector,
        after: u64,
        limit: PageLimit,
    ) -> Result<Option<ColumnPage>, StoreError> {
        let live = &self.0.spans.live;
        let (collector, columns) = (Some(collector), Columns::ALL);
        let wanted = Wanted { collector, services: None, kinds: &[], columns };
        let budget = Budget::unlimited();
        let rows = live.reading(|| page::page_rows(live, wanted, after, limit, &budget))?;
        gather::gather(rows, limit.bytes)
    }

    /// The names of the services whose spans belong to traces that started in `started`, in order.
    /// May also have other services of the segments that hold such traces. At most 100,000 names;
    /// those in newer segments are preferred.
    ///
    /// Reads dictionaries and no rows: 2.1 million spans in 13 segments take 15-35 ms.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn services(&self, started: TimeRange) -> Result<BTreeSet<String>, StoreError> {
        let live = &self.0.spans.live;
        live.reading(|| services::services(live, started, &Budget::unlimited()))
    }

    /// The traces that match `query`, in its order. The counts and the duration of a trace include
    /// all its stored spans, also spans outside the range and late spans.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn search(&self, query: &IndexedQuery) -> Result<Vec<TraceSummary>, StoreError> {
        search::search(&self.0.spans.live, &Plan::indexed(query), &Budget::unlimited())
    }

    /// The service map of the traces that started in `started`, from the spans that `collector`
    /// observed (that any collector observed if `None`). All these spans count, also those outside
    /// the range. Times are compared in microseconds.
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

    /// The files that SQL reads: all files, or those that may hold rows of `since` or later.
    ///
    /// A file of spans is excluded when all its spans were received before `since` and their
    /// traces started before `since`; a file of metrics, when all its points are from before
    /// `since`. Rows in memory are written to new files, in half a second for 262,144 spans.
    ///
    /// # Errors
    /// [`StoreError::Directory`] or [`StoreError::Segment`]; usually the disk is full.
    pub fn sql_snapshot(&self, since: Option<UnixNanos>) -> Result<SqlSnapshot, StoreError> {
        let inner = &self.0;
        sql::snapshot(&inner.config.dir, &inner.spans.live, &inner.metrics.live, since)
    }
}
