//! Reading spans. Each question is a function over what is live in its own module.

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
    /// The spans of `trace`, of `collector` or of both, the first `limit` by start. Without any, the
    /// trace is not stored. RFD 036's `QueryTraceByID`.
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

    /// Spans of `collector`, or of both, in `traces`, trace by trace, each by start, at most `limit`; only the one with
    /// `span`'s id when that is given.
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
    /// Order is of receipt and not of start: a long request starts early and arrives late, and a cursor
    /// on its start would step over it.
    ///
    /// # Errors
    /// [`StoreError`]; the reader's place is unchanged.
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

    /// Likewise, those of one service: of the others no more is read than whose they are.
    ///
    /// # Errors
    /// [`StoreError`]; the reader's place is unchanged.
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

    /// A receipt before that of every span that was received at `instant` or later.
    pub fn receipt_before(&self, instant: UnixNanos) -> u64 {
        since::receipt_before(&self.0.spans.live, instant)
    }

    /// Every service that has a span in the places that hold traces of `started`, by name; at most 100,000, those of
    /// the newest places. A sealed segment is one place: of a service that it has spans of at other times only, the
    /// name is told too.
    ///
    /// Reads dictionaries and no rows: of 2.1 M spans in 13 segments in 15-35 ms.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn services(&self, started: TimeRange) -> Result<BTreeSet<String>, StoreError> {
        let live = &self.0.spans.live;
        live.reading(|| services::services(live, started, &Budget::unlimited()))
    }

    /// The traces that `query` asks for, in its order. A trace is whole: its figures count every stored
    /// span of it, inside the range or not, also those that came late. RFD 036's `QueryTraces`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn search(&self, query: &IndexedQuery) -> Result<Vec<TraceSummary>, StoreError> {
        search::search(&self.0.spans.live, &Plan::indexed(query), &Budget::unlimited())
    }

    /// Who called whom in the traces that started in `started`, as `collector` or both saw them. A trace is
    /// whole: spans outside of the range count too. Times are compared in whole microseconds.
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

    /// The files that SQL reads: all of them, or those that may hold rows of `since` or later.
    ///
    /// A file is left out when everything in it was received before `since`, and started before it too. Rows in
    /// memory are written to a file for it: half a second for 262,144 spans.
    ///
    /// # Errors
    /// [`StoreError::Directory`] or [`StoreError::Segment`]: most often a full disk.
    pub fn sql_snapshot(&self, since: Option<UnixNanos>) -> Result<SqlSnapshot, StoreError> {
        let inner = &self.0;
        sql::snapshot(&inner.config.dir, &inner.spans.live, &inner.metrics.live, since)
    }
}
