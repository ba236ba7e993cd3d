//! The traces that may match, and their spans.

use std::time::Duration;

use coral_engine::{
    Budget, Columns, Filter, Order, StoredSpan, TracePosition, TraceQuery, TraceSummary,
};
use coral_trace::{TimeRange, UnixNanos};
use coral_traceql::{Attribute, Intrinsic, Scope};

use super::sieve::FoundStart;
use crate::ask::{QueryError, Sources};

/// How many traces are listed at once, at least and at most.
const MIN_PAGE: u32 = 32;
const MAX_PAGE: u32 = 2_048;
/// Traces whose spans are read together have at most this many spans, unless one trace has more.
const MAX_SPANS_TOGETHER: u64 = 20_000;
const MAX_TRACES_TOGETHER: usize = 256;

/// Which traces may match.
pub(super) struct Candidates<'a> {
    pub(super) from: &'a Sources<'a>,
    pub(super) budget: &'a Budget,
    pub(super) started: TimeRange,
    /// Only traces after this position, latest start first.
    pub(super) after: Option<TracePosition>,
    /// The shortest trace, in microseconds.
    pub(super) min_duration_us: Option<i64>,
    pub(super) filter: Option<Filter>,
    pub(super) columns: Columns,
}

/// Whether more traces are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum More {
    Wanted,
    Enough,
}

/// What is done with a candidate and all its spans.
type Visit<'a> = dyn FnMut(&TraceSummary, &[StoredSpan]) -> Result<More, QueryError> + 'a;

impl Candidates<'_> {
    /// Calls `visit` with each candidate and all its spans, latest start first, until there are enough.
    /// `first_page` is how many traces are probably wanted.
    pub(super) fn each(&self, first_page: u32, visit: &mut Visit<'_>) -> Result<(), QueryError> {
        let mut page = first_page.clamp(MIN_PAGE, MAX_PAGE);
        let mut after = self.after;
        loop {
            self.budget.check().map_err(QueryError::OverBudget)?;
            let query = TraceQuery {
                started: self.started,
                min_duration_us: self.min_duration_us,
                filter: self.filter.clone(),
                order: Order::Newest,
                after,
                ..TraceQuery::newest(page)
            };
            let listed = self.from.traces.search(&query, self.budget)?;
            if self.read(&listed, visit)? == More::Enough || listed.len() < page as usize {
                return Ok(());
            }
            after = listed.last().map(TracePosition::of);
            page = (page * 4).min(MAX_PAGE);
        }
    }

    /// Calls `visit` as [`each`](Self::each) does, with the traces of `found`, latest start first.
    pub(super) fn each_of(
        &self,
        found: &[FoundStart],
        visit: &mut Visit<'_>,
    ) -> Result<(), QueryError> {
        let mut listed = Vec::new();
        for same in found.chunk_by(|one, other| one.start_us == other.start_us) {
            let start = UnixNanos::from_micros(same[0].start_us);
            let started = TimeRange { start, end: start.later(Duration::from_micros(1)) };
            let query = TraceQuery { started, ..TraceQuery::newest(u32::MAX) };
            let mut traces = self.from.traces.search(&query, self.budget)?;
            traces.retain(|trace| same.iter().any(|found| found.trace == trace.trace_id));
            listed.extend(traces);
            if listed.len() >= MIN_PAGE as usize {
                if self.read(&listed, visit)? == More::Enough {
                    return Ok(());
                }
                listed.clear();
            }
        }
        self.read(&listed, visit).map(|_| ())
    }

    fn read(&self, listed: &[TraceSummary], visit: &mut Visit<'_>) -> Result<More, QueryError> {
        let mut rest = listed;
        while !rest.is_empty() {
            let mut spans = 0;
            let fitting = rest.iter().take(MAX_TRACES_TOGETHER).take_while(|trace| {
                spans += trace.spans;
                spans <= MAX_SPANS_TOGETHER
            });
            let (together, later) = rest.split_at(fitting.count().max(1));
            rest = later;
            let ids: Vec<_> = together.iter().map(|trace| trace.trace_id).collect();
            let stored =
                self.from.traces.spans_of(&ids, None, self.columns, u32::MAX, self.budget)?;
            for trace in together {
                // The spans are sorted by trace id.
                let id = |stored: &StoredSpan| stored.span.trace_id;
                let first = stored.partition_point(|one| id(one) < trace.trace_id);
                let count = stored[first..].partition_point(|one| id(one) == trace.trace_id);
                if visit(trace, &stored[first..first + count])? == More::Enough {
                    return Ok(More::Enough);
                }
            }
        }
        Ok(More::Wanted)
    }
}

/// The columns that hold these attributes.
pub(super) fn columns<'a>(attributes: impl IntoIterator<Item = &'a Attribute>) -> Columns {
    let mut columns = Columns::CORE;
    for attribute in attributes {
        columns |= match attribute {
            Attribute::Key { scope: Scope::None, .. } => Columns::ATTRIBUTES | Columns::ORIGIN,
            Attribute::Key { scope: Scope::Span, .. } => Columns::ATTRIBUTES,
            Attribute::Key { scope: Scope::Resource, key } if key == "service.name" => {
                Columns::CORE
            }
            Attribute::Key { scope: Scope::Resource | Scope::Instrumentation, .. } => {
                Columns::ORIGIN
            }
            Attribute::Key { scope: Scope::Event | Scope::Link, .. } => Columns::DETAILS,
            Attribute::OfParent { .. } => Columns::CORE,
            Attribute::Intrinsic(intrinsic) => match intrinsic {
                Intrinsic::StatusMessage
                | Intrinsic::EventName
                | Intrinsic::EventTimeSinceStart
                | Intrinsic::LinkTraceId
                | Intrinsic::LinkSpanId => Columns::DETAILS,
                Intrinsic::InstrumentationName | Intrinsic::InstrumentationVersion => {
                    Columns::ORIGIN
                }
                // Attributes decide whether a span is a virtual hop, which is no root.
                Intrinsic::RootName | Intrinsic::RootServiceName => Columns::ATTRIBUTES,
                _ => Columns::CORE,
            },
        };
    }
    columns
}
