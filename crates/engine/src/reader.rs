//! Reading spans and traces.

use std::collections::BTreeSet;

use coral_trace::dependency::Dependencies;
use coral_trace::{Collector, Span, SpanKind, TimeRange, TraceId, TraceIdPrefix, UnixNanos};

use crate::budget::Budget;
use crate::capabilities::Capabilities;
use crate::columns::Columns;
use crate::error::EngineError;
use crate::extent::Extent;
use crate::query::{TraceQuery, TraceSummary};
use crate::trace::{StoredSpan, StoredTrace};

/// More services than this are not told: a hostile exporter can make one for each span.
pub const MAX_SERVICES: usize = 100_000;
/// More operations of one service than this are not told.
pub const MAX_OPERATIONS: usize = 10_000;

/// Answers from stored spans. Every call blocks, and may be repeated.
///
/// What was committed before a call began is in its answer. What is committed meanwhile may be. A damaged part of
/// the data costs its own rows: an engine leaves it out, says so in [`Extent::damaged`], and answers from the rest.
pub trait TraceReader: Send + Sync {
    /// The identity of the data. It stays the same across restarts, and changes when the data is wiped.
    fn id(&self) -> &str;

    /// What this engine can do. Does not change while the process runs.
    fn capabilities(&self) -> Capabilities;

    /// The traces that `query` asks for, in its order, each once and at most `query.limit`.
    ///
    /// A trace is whole: its figures count every stored span of it (of `query.collector`), inside the range or
    /// not. A trace matches by what is stored of it now, and MUST be found however its spans came: late, in
    /// several pages, from several agents.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`] for a filter that [`capabilities`](Self::capabilities) does not cover: an
    /// engine MUST NOT leave out a condition instead. [`EngineError::OverBudget`]: nothing is answered then, also
    /// where some traces were found.
    fn search(&self, query: &TraceQuery, budget: &Budget)
    -> Result<Vec<TraceSummary>, EngineError>;

    /// One trace: the first `limit` spans by start, of `collector` or of both, and the figures of all of them.
    ///
    /// The spans MUST all be of this trace, each span id once. A trace that is not stored is no error: its
    /// `span_count` is 0.
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

    /// The traces whose id begins with `prefix`, in order of their ids, each once, at most `limit`.
    ///
    /// # Errors
    /// [`EngineError`].
    fn traces_with_prefix(
        &self,
        prefix: TraceIdPrefix,
        limit: u32,
        budget: &Budget,
    ) -> Result<Vec<TraceId>, EngineError>;

    /// The spans of `traces`, of `collector` or of both: by trace id, then by start, then by span id, at most
    /// `limit`. Spans of one trace are side by side; the limit may cut the last trace.
    ///
    /// A trace that is named twice is read once; one that is not stored has no spans.
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

    /// Every service that has a span in the parts of the data that hold traces of `started`, by name; at most
    /// [`MAX_SERVICES`], those of the newest parts.
    ///
    /// A part is what the engine reads as one: a segment, a partition. A service that was seen in the range MUST
    /// be told; one that only has spans of other times in the same part MAY be told too.
    ///
    /// # Errors
    /// [`EngineError`].
    fn services(
        &self,
        started: TimeRange,
        budget: &Budget,
    ) -> Result<BTreeSet<String>, EngineError>;

    /// Every operation of `service` in the parts of the data that hold traces of `started`, by name; at most
    /// [`MAX_OPERATIONS`], those of the newest parts. Which others MAY be told is as in
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

    /// Who called whom in the traces that started in `started`, as `collector` or both saw them. A trace is
    /// whole: its spans outside of the range count too. Times are compared in whole microseconds.
    ///
    /// # Errors
    /// [`EngineError`].
    fn dependencies(
        &self,
        started: TimeRange,
        collector: Option<Collector>,
        budget: &Budget,
    ) -> Result<Dependencies, EngineError>;

    /// Shows each span of `service` and `collector` that ended in `ended` to `visit`, in no particular order, with
    /// the columns [`CORE`](Columns::CORE) and [`ATTRIBUTES`](Columns::ATTRIBUTES) at least.
    ///
    /// A span that was received before `ended` begins MAY be left out: it ended later only by a wrong clock.
    ///
    /// # Errors
    /// [`EngineError`]; `visit` may have been shown some spans by then.
    fn spans_ended(
        &self,
        service: &str,
        collector: Collector,
        ended: TimeRange,
        budget: &Budget,
        visit: &mut dyn FnMut(&Span),
    ) -> Result<(), EngineError>;

    /// The start of the span of `collector` that has been stored longest; `None` when no span of it is stored. A
    /// caller takes a span that started long before it for expired.
    ///
    /// # Errors
    /// [`EngineError`].
    fn oldest_start(
        &self,
        collector: Collector,
        budget: &Budget,
    ) -> Result<Option<UnixNanos>, EngineError>;

    /// What is stored of spans. Waits for nothing that a disk may take long for.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`].
    fn extent(&self) -> Result<Extent, EngineError>;
}

/// What a service does: spans of one name and kind.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Operation {
    /// The spans' name.
    pub name: String,
    /// Their role in a call.
    pub kind: SpanKind,
}
