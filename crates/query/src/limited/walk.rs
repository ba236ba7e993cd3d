//! Walks over the traces that may match a search, newest first, with the spans of the scope only.
//!
//! The engine knows the start of a whole trace, and a search wants those of the spans of the scope,
//! which are later. So a walk does not end at the start of the search: it goes on among ever older
//! traces, but only among those that take long enough to reach into the time that is searched.

use std::collections::HashSet;

use coral_engine::filter::{Comparison, Field, Literal, SpanField};
use coral_engine::{Budget, Columns, EngineError, Filter, Order, StoredSpan, TraceQuery};
use coral_trace::{TimeRange, TraceId, UnixNanos};

use super::traces::LimitedTraces;

/// How many traces are listed at once, at least and at most.
const MIN_PAGE: u32 = 64;
const MAX_PAGE: u32 = 1_024;
/// Of how many traces the spans are read at once.
pub(super) const TOGETHER: usize = 64;

/// The most services that a filter names.
const MAX_NAMED: usize = 64;

/// What a trace must reach to be of use, by its spans of the scope. Rises during a walk.
#[derive(Clone, Copy)]
pub(super) struct Bar {
    /// The earliest start, in microseconds since the Unix epoch.
    pub(super) since_us: i64,
    /// The shortest duration, in microseconds.
    pub(super) min_duration_us: i64,
}

impl Bar {
    pub(super) fn of(query: &TraceQuery) -> Self {
        Self {
            since_us: query.started.start.as_micros(),
            min_duration_us: query.min_duration_us.unwrap_or(i64::MIN),
        }
    }

    /// The shortest duration of a whole trace that starts before `cursor`, and has spans that reach
    /// the bar. A trace is at least as long as the time from its start to that of any span.
    fn min_whole_duration_us(self, cursor: UnixNanos) -> Option<i64> {
        let behind = self.since_us.saturating_sub(cursor.as_micros());
        let min = if behind > 0 { behind.max(self.min_duration_us) } else { self.min_duration_us };
        (min > i64::MIN).then_some(min)
    }
}

impl LimitedTraces {
    /// Calls `visit` once with each trace that may match `query`, and with its spans of the scope
    /// and of the query's collector. There may be traces that do not match. `visit` returns the bar
    /// for further traces. `services` are those of the query in the scope, or all of the scope.
    pub(super) fn walk(
        &self,
        query: &TraceQuery,
        services: &[String],
        columns: Columns,
        budget: &Budget,
        visit: &mut dyn FnMut(TraceId, &[StoredSpan]) -> Bar,
    ) -> Result<(), EngineError> {
        let mut bar = Bar::of(query);
        let mut page = query.limit.clamp(MIN_PAGE, MAX_PAGE);
        let (mut cursor, mut seen) = (query.started.end, HashSet::new());
        if let Some(after) = query.after.filter(|_| query.order == Order::Newest) {
            // A whole trace starts no later than its spans of the scope.
            cursor = cursor.min(just_after(after.start));
        }
        loop {
            budget.check()?;
            let listed = self.inner().search(
                &TraceQuery {
                    started: TimeRange { start: UnixNanos(0), end: cursor },
                    services: services.to_vec(),
                    min_duration_us: bar.min_whole_duration_us(cursor),
                    // A whole trace may take longer than its spans of the scope.
                    max_duration_us: None,
                    after: None,
                    // What others did decides nothing here, and does not show in the time that it
                    // takes: a span of the scope has to meet both.
                    failed: None,
                    filter: of_one_span(query, services),
                    order: Order::Newest,
                    limit: page,
                    ..query.clone()
                },
                budget,
            )?;
            let Some(last) = listed.last() else { return Ok(()) };
            let oldest = last.start;
            let is_last = listed.len() < page as usize;
            let ids = listed.iter().map(|trace| trace.trace_id);
            let mut fresh: Vec<TraceId> = ids.filter(|id| seen.insert(*id)).collect();
            if fresh.is_empty() {
                // More traces start in one microsecond than the page has.
                page = page.saturating_mul(2);
            }
            fresh.chunks_mut(TOGETHER).try_for_each(|some| {
                let spans = self.shown_spans(some, query.collector, columns, budget)?;
                for trace in spans.chunk_by(|one, next| one.span.trace_id == next.span.trace_id) {
                    bar = visit(trace[0].span.trace_id, trace);
                }
                Ok::<(), EngineError>(())
            })?;
            if is_last {
                return Ok(());
            }
            cursor = just_after(oldest).min(cursor);
        }
    }
}

/// The end of the microsecond of `time`.
fn just_after(time: UnixNanos) -> UnixNanos {
    UnixNanos::from_micros(time.as_micros().saturating_add(1))
}

/// What one span of `services` meets in every trace that matches `query`; `None` if that is unknown, or
/// if there are too many services to name.
fn of_one_span(query: &TraceQuery, services: &[String]) -> Option<Filter> {
    let is = |field, value: &str| Filter::Compare {
        field: Field::Span(field),
        op: Comparison::Equal,
        value: Literal::Text(value.to_owned()),
    };
    let filter = query.filter.clone().filter(is_about_one_span);
    let failed = (query.failed == Some(true)).then(|| is(SpanField::Status, "error"));
    let met: Vec<Filter> = filter.into_iter().collect();
    if met.is_empty() && failed.is_none() || services.len() > MAX_NAMED {
        return None;
    }
    let of_scope = services.iter().map(|service| is(SpanField::Service, service)).collect();
    let of_scope = Filter::Or(of_scope);
    let both = |met: Filter| Filter::AnySpan(Box::new(Filter::And(vec![of_scope.clone(), met])));
    Some(Filter::And(met.into_iter().chain(failed).map(both).collect()))
}

/// Whether a trace matches `filter` if some of its spans do: the filter tests each span alone, and
/// no link, because links are shown in part.
fn is_about_one_span(filter: &Filter) -> bool {
    let needs = filter.needs();
    !needs.trace && !needs.events_and_links
}
