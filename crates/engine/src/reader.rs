//! Reads spans and traces.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use coral_trace::dependency::Dependencies;
use coral_trace::{Collector, SpanId, SpanKind, TimeRange, TraceId, TraceIdPrefix, UnixNanos};

use crate::budget::Budget;
use crate::capabilities::Capabilities;
use crate::columns::Columns;
use crate::error::EngineError;
use crate::extent::Extent;
use crate::histogram::{Grid, Histogram};
use crate::query::{TraceQuery, TraceSummary};
use crate::received::{ReadLimit, ReceivedSpans};
use crate::redacted::RedactedSpans;
use crate::span_columns::{SpanColumns, WantedColumns};
use crate::timeline::AgentMinute;
use crate::trace::{StoredSpan, StoredTrace};

/// The largest number of services in an answer. A hostile exporter can make one service per span.
pub const MAX_SERVICES: usize = 100_000;
/// The largest number of operations of one service in an answer.
pub const MAX_OPERATIONS: usize = 10_000;

/// Reads stored spans. Every call blocks, and may be repeated.
///
/// An answer includes everything that was committed before the call, and may include later commits.
/// An engine skips damaged data, counts it in [`Extent::damaged`], and answers from the rest.
pub trait TraceReader: Send + Sync {
    /// The store id, which survives restarts and changes when the data is wiped.
    fn id(&self) -> &str;

    /// What this engine can do. Does not change while the process runs.
    fn capabilities(&self) -> Capabilities;

    /// The traces that match `query`, in the order of [`TraceQuery::order`]. Each trace is returned
    /// once; there are at most `query.limit`.
    ///
    /// The numbers of a trace count all its stored spans (of `query.collector`), including spans
    /// outside the time range. A trace MUST be found by the spans that are stored at the time of
    /// the search, however they arrived: late, in several pages, from several agents.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`] for a filter that [`capabilities`](Self::capabilities) does not
    /// cover: an engine MUST NOT ignore a condition. [`EngineError::OverBudget`]: there is no
    /// partial answer.
    fn search(&self, query: &TraceQuery, budget: &Budget)
    -> Result<Vec<TraceSummary>, EngineError>;

    /// The traces that match each of `queries`, as [`search`](Self::search) finds them. An engine
    /// whose searches share work, such as a page that has traces of several, SHOULD replace the
    /// default, which searches one after the other.
    ///
    /// # Errors
    /// As [`search`](Self::search).
    fn search_each(
        &self,
        queries: &[TraceQuery],
        budget: &Budget,
    ) -> Result<Vec<Vec<TraceSummary>>, EngineError> {
        queries.iter().map(|query| self.search(query, budget)).collect()
    }

    /// The number of traces that match `query`, and of those with a failed span, in each cell of
    /// `grid`. The order, the position and the limit of `query` do not matter. An engine with summaries of traces
    /// SHOULD replace the default, which searches.
    ///
    /// # Errors
    /// As [`search`](Self::search).
    fn histogram(
        &self,
        query: &TraceQuery,
        grid: &Grid,
        budget: &Budget,
    ) -> Result<Histogram, EngineError> {
        let all = TraceQuery { after: None, limit: u32::MAX, ..query.clone() };
        let mut counted = Histogram::new(grid.clone());
        for trace in self.search(&all, budget)? {
            counted.add(trace.start, trace.duration_us, trace.errors > 0);
        }
        Ok(counted)
    }

    /// Whether [`histogram`](Self::histogram) counts from summaries of traces and reads no spans.
    fn has_summaries(&self) -> bool {
        false
    }

    /// One trace, from the spans of `collector`, or of both collectors if `None`: its first `limit`
    /// spans by start, and the numbers of all its spans.
    ///
    /// All spans MUST be of this trace, each span id once. A trace that is not stored is not an
    /// error: its `span_count` is 0.
    ///
    /// # Errors
    /// [`EngineError`].
    fn trace(
        &self,
        trace: TraceId,
        collector: Option<Collector>,
        columns: Columns,
        limit: u32,
        budget: &Budget,
    ) -> Result<StoredTrace, EngineError>;

    /// Whether a span of `trace` is stored. Reads no span.
    ///
    /// # Errors
    /// [`EngineError`].
    fn contains(&self, trace: TraceId, budget: &Budget) -> Result<bool, EngineError>;

    /// The traces whose id begins with `prefix`, sorted by id. Each is returned once; there are at
    /// most `limit`.
    ///
    /// # Errors
    /// [`EngineError`].
    fn traces_with_prefix(
        &self,
        prefix: TraceIdPrefix,
        limit: u32,
        budget: &Budget,
    ) -> Result<Vec<TraceId>, EngineError>;

    /// The spans of `traces` from `collector`, or from both collectors if `None`. They are sorted
    /// by trace id, then start, then span id. There are at most `limit`, which may cut the last
    /// trace.
    ///
    /// An id that `traces` repeats is read once. A trace that is not stored has no spans.
    ///
    /// # Errors
    /// [`EngineError`].
    fn spans_of(
        &self,
        traces: &[TraceId],
        collector: Option<Collector>,
        columns: Columns,
        limit: u32,
        budget: &Budget,
    ) -> Result<Vec<StoredSpan>, EngineError>;

    /// The span of `trace` with the id `span`; `None` when it is not stored. An engine that finds one
    /// span without reading all others SHOULD replace the default, which reads the whole trace.
    ///
    /// # Errors
    /// [`EngineError`].
    fn span(
        &self,
        trace: TraceId,
        span: SpanId,
        columns: Columns,
        budget: &Budget,
    ) -> Result<Option<StoredSpan>, EngineError> {
        let all = self.spans_of(&[trace], None, columns, u32::MAX, budget)?;
        Ok(all.into_iter().find(|stored| stored.span.span_id == span))
    }

    /// The services that have a span in the parts of the data with traces that started in
    /// `started`, sorted by name. If there are more than [`MAX_SERVICES`], those in the newest
    /// parts are returned.
    ///
    /// A part is what the engine reads as one: a segment or a partition. A service with a span in
    /// the time range MUST be listed. A service that only has other spans in the same part MAY be
    /// listed.
    ///
    /// # Errors
    /// [`EngineError`].
    fn services(
        &self,
        started: TimeRange,
        budget: &Budget,
    ) -> Result<BTreeSet<String>, EngineError>;

    /// The operations of `service` in the parts of the data with traces that started in `started`,
    /// sorted by name. If there are more than [`MAX_OPERATIONS`], those in the newest parts are
    /// returned. Operations outside of the time range MAY be listed, as in
    /// [`services`](Self::services).
    ///
    /// # Errors
    /// [`EngineError`].
    fn operations(
        &self,
        service: &str,
        started: TimeRange,
        budget: &Budget,
    ) -> Result<Vec<Operation>, EngineError>;

    /// The service map of the traces that started in `started`, from the spans of `collector`, or
    /// of both collectors if `None`. All spans of these traces count, including spans outside of
    /// the time range. Times are compared in microseconds.
    ///
    /// # Errors
    /// [`EngineError`].
    fn dependencies(
        &self,
        started: TimeRange,
        collector: Option<Collector>,
        budget: &Budget,
    ) -> Result<Dependencies, EngineError>;

    /// Calls `visit` with each span of `collector` whose service is in `services` and whose kind is in
    /// `kinds` (empty: any kind), and that ended in `ended`. The spans are in no particular order, with at least the
    /// columns [`CORE`](Columns::CORE) and [`ATTRIBUTES`](Columns::ATTRIBUTES).
    ///
    /// A span that was received before the start of `ended` MAY be skipped. Spans are received
    /// after they end, so only a wrong clock can put the end of such a span in the range.
    ///
    /// # Errors
    /// [`EngineError`]; `visit` may have been called already.
    fn spans_ended(
        &self,
        services: &BTreeSet<String>,
        collector: Collector,
        kinds: &[SpanKind],
        ended: TimeRange,
        budget: &Budget,
        visit: &mut dyn FnMut(&StoredSpan),
    ) -> Result<(), EngineError>;

    /// Calls `visit` with the wanted columns of all spans that started in `started`, each span once, in no
    /// particular order, until `visit` breaks; spans outside of `started` MAY be among them. Returns `false`,
    /// and calls nothing, if the engine cannot read these columns without reading whole spans, so that the
    /// caller reads spans instead. The default cannot.
    ///
    /// # Errors
    /// [`EngineError`]; `visit` may have been called already.
    fn visit_columns(
        &self,
        started: TimeRange,
        wanted: &WantedColumns,
        budget: &Budget,
        visit: &mut dyn FnMut(&SpanColumns) -> ControlFlow<()>,
    ) -> Result<bool, EngineError> {
        let _ = (started, wanted, visit);
        budget.check()?;
        Ok(false)
    }

    /// The start of the stored span of `collector` that was received first; `None` when none is
    /// stored. Callers assume that spans which started long before this time have expired.
    ///
    /// # Errors
    /// [`EngineError`].
    fn oldest_start(
        &self,
        collector: Collector,
        budget: &Budget,
    ) -> Result<Option<UnixNanos>, EngineError>;

    /// [`oldest_start`](Self::oldest_start) of the spans of `services`. An engine with an index of
    /// services SHOULD replace the default, which visits all spans of `services`.
    ///
    /// # Errors
    /// [`EngineError`].
    fn oldest_start_of(
        &self,
        services: &BTreeSet<String>,
        collector: Collector,
        budget: &Budget,
    ) -> Result<Option<UnixNanos>, EngineError> {
        let mut oldest: Option<(u64, UnixNanos)> = None;
        let mut visit = |stored: &StoredSpan| {
            let found = (stored.receipt, stored.span.start);
            oldest = Some(oldest.map_or(found, |oldest| oldest.min(found)));
        };
        self.spans_ended(services, collector, &[], TimeRange::ALL, budget, &mut visit)?;
        Ok(oldest.map(|(_, start)| start))
    }

    /// The spans of `trace` from `collector`, or from both collectors if `None`, that are stored and
    /// not shown by this reader: at most `limit` of them, and their number. An engine shows
    /// everything, so it keeps the default.
    ///
    /// # Errors
    /// [`EngineError`].
    fn redacted(
        &self,
        trace: TraceId,
        collector: Option<Collector>,
        limit: u32,
        budget: &Budget,
    ) -> Result<RedactedSpans, EngineError> {
        let _ = (trace, collector, limit, budget);
        Ok(RedactedSpans::default())
    }

    /// The spans of every collector with receipts above `after`, in order of receipt, up to `limit`:
    /// whole spans, with every column. An engine without receipts keeps the default.
    ///
    /// # Errors
    /// [`EngineError`]; [`EngineError::Unsupported`] from an engine without receipts.
    fn received_after(
        &self,
        after: u64,
        limit: ReadLimit,
        budget: &Budget,
    ) -> Result<ReceivedSpans, EngineError> {
        let _ = (after, limit, budget);
        Err(EngineError::Unsupported { feature: "receipts" })
    }

    /// The cursor from which [`received_after`](Self::received_after) returns the first span that
    /// was received at `instant` or later, and those after it. An engine without receipts keeps the
    /// default.
    ///
    /// # Errors
    /// The errors of [`received_after`](Self::received_after).
    fn cursor_at(&self, instant: UnixNanos, budget: &Budget) -> Result<u64, EngineError> {
        let _ = (instant, budget);
        Err(EngineError::Unsupported { feature: "receipts" })
    }

    /// How much the engine holds of spans. The call does not wait for the disk.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`].
    fn extent(&self) -> Result<Extent, EngineError>;

    /// The coverage timeline: the minutes that touch `range`, one record per agent and minute,
    /// sorted by minute and agent. Records are kept at least as long as spans.
    ///
    /// # Errors
    /// [`EngineError`].
    fn agent_minutes(
        &self,
        range: TimeRange,
        budget: &Budget,
    ) -> Result<Vec<AgentMinute>, EngineError>;
}

/// An operation of a service: spans of one name and kind.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Operation {
    /// The name of the spans.
    pub name: String,
    /// The role of the spans in a call.
    pub kind: SpanKind,
}
