//! The spans of one trace and the rows that they make.

use std::collections::HashSet;

use coral_engine::{Columns, StoredSpan, StoredTrace};
use coral_trace::tree::{Hop, Tree};
use coral_trace::waterfall::{Row, Waterfall};
use coral_trace::{TraceId, TraceIdPrefix, clock};

use crate::ask::QueryError;
use crate::reader::Reader;
use crate::size;
use crate::source::Source;
use crate::trace::redacted;

/// The largest number of spans with a row of their own.
const MAX_ROWS: usize = 500_000;
/// The largest number of redacted hops with a row.
const MAX_REDACTED: u32 = 100_000;
/// The bytes of numbers that a row has in an answer, besides its name.
const ROW_BYTES: usize = 64;

/// A trace, its tree and the rows of the tree.
pub(crate) struct Rows {
    /// The trace id, or the digits that were asked for.
    pub(crate) trace_id: TraceIdPrefix,
    /// The spans and numbers of the trace.
    pub(crate) stored: StoredTrace,
    /// The spans as hops, and behind them the redacted hops. Times are those that clocks were
    /// adjusted to, if that was asked.
    pub(crate) hops: Vec<Hop>,
    /// By hop: by how many nanoseconds it was moved. Empty when clocks were not to be adjusted.
    pub(crate) deltas: Vec<i64>,
    /// How many spans are redacted.
    pub(crate) redacted: u64,
    /// Whether the spans, without the redacted hops, are a complete trace.
    pub(crate) complete: bool,
    /// The rows of `hops`.
    pub(crate) waterfall: Waterfall,
}

impl Rows {
    /// A trace that is not stored.
    pub(crate) fn none(trace_id: TraceIdPrefix) -> Self {
        Self::new(trace_id, StoredTrace::default(), Vec::new(), false)
    }

    /// The span of `row`; `None` for a redacted hop.
    pub(crate) fn span(&self, row: &Row) -> Option<&StoredSpan> {
        self.stored.spans.get(row.span)
    }

    /// By how many whole microseconds the span of `row` was moved.
    pub(crate) fn moved_us(&self, row: &Row) -> i64 {
        self.deltas.get(row.span).map_or(0, |delta| clock::whole_micros(*delta))
    }

    fn new(
        trace_id: TraceIdPrefix,
        stored: StoredTrace,
        redacted: Vec<Hop>,
        adjust_clocks: bool,
    ) -> Self {
        let mut hops: Vec<Hop> = stored.spans.iter().map(|one| Hop::from(&one.span)).collect();
        let shown = hops.len();
        let mut tree = Tree::build(&hops);
        let complete = tree.completeness().is_complete() && stored.span_count == shown as u64;
        if !redacted.is_empty() {
            hops.extend(redacted);
            tree = Tree::build(&hops);
        }
        let mut deltas = Vec::new();
        if adjust_clocks {
            let span = |at: usize| stored.spans.get(at).map(|one| &one.span);
            deltas = clock::deltas(&tree, &hops, |one, other| {
                span(one)
                    .zip(span(other))
                    .is_some_and(|(one, other)| clock::is_one_clock(one, other))
            });
            for (hop, delta) in hops.iter_mut().zip(&deltas) {
                hop.start = clock::moved(hop.start, *delta);
                hop.end = clock::moved(hop.end, *delta);
            }
            tree = Tree::build(&hops);
        }
        let waterfall = Waterfall::new(&tree, &hops);
        Self { trace_id, stored, hops, deltas, redacted: 0, complete, waterfall }
    }
}

impl Reader<'_> {
    /// The rows of `trace`, with the columns that they need.
    pub(crate) fn rows(
        &self,
        trace: TraceId,
        source: Source,
        adjust_clocks: bool,
    ) -> Result<Rows, QueryError> {
        self.rows_with(trace, source, adjust_clocks, Columns::CORE)
    }

    /// The rows of `trace`, whose spans have `columns` too.
    ///
    /// Attributes are read only if a span may be a virtual hop, which has none.
    pub(crate) fn rows_with(
        &self,
        trace: TraceId,
        source: Source,
        adjust_clocks: bool,
        columns: Columns,
    ) -> Result<Rows, QueryError> {
        // Whether two spans have one clock is told by the host in their resources.
        let columns = columns | if adjust_clocks { Columns::ORIGIN } else { Columns::CORE };
        let read = |columns| {
            let (from, limit) = (self.from.traces, MAX_ROWS as u32);
            from.trace(trace, source.collector(), columns, limit, self.budget)
        };
        let mut stored = read(columns)?;
        let is_read = columns.contains(Columns::ATTRIBUTES);
        if !is_read && stored.spans.iter().any(|one| one.span.is_virtual_hop()) {
            stored = read(columns | Columns::ATTRIBUTES)?;
        }
        stored.spans.truncate(fitting(&stored.spans));
        let hidden =
            self.from.traces.redacted(trace, source.collector(), MAX_REDACTED, self.budget)?;
        let shown = stored.spans.iter().map(|one| (one.span.span_id, one.span.parent_span_id));
        let hops = redacted::placed(&redacted::hops(&hidden), shown);
        let rows = Rows::new(trace.into(), stored, hops, adjust_clocks);
        Ok(Rows { redacted: hidden.count, ..rows })
    }
}

/// How many of the first spans fit in an answer. Equal names count once, as an answer has them.
fn fitting(spans: &[StoredSpan]) -> usize {
    let mut names = HashSet::new();
    let bytes = spans.iter().map(|StoredSpan { span, .. }| {
        let is_new = names.insert(span.name.as_str());
        ROW_BYTES + if is_new { span.name.len() } else { 0 }
    });
    size::fitting(bytes, MAX_ROWS)
}
