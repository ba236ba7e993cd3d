//! Searches for traces with one span that meets every condition, as the storage of Jaeger does, and
//! reads whole traces.

mod found;
mod summary;
mod tag;
#[cfg(test)]
mod tests;

use std::time::Duration;

use coral_engine::filter::{Comparison, Field, Filter, Literal, SpanField};
use coral_engine::{Budget, EngineError, Order, TraceQuery, TraceSummary};
use coral_trace::{TimeRange, TraceId, UnixNanos};

pub use self::found::{FoundTrace, FoundTraces};
pub use self::summary::{SpanCounts, TraceNumbers};
pub use self::tag::SpanTag;
use crate::ask::{QueryError, Sources};

/// A search for traces: some span of the trace meets all conditions at once. A condition that is
/// `None` or empty is met.
#[derive(Clone, PartialEq, Debug)]
pub struct SpanSearch {
    /// The `service.name` of the span.
    pub service: Option<String>,
    /// The name of the span.
    pub name: Option<String>,
    /// Tags that the span has, each in one of the places of [`SpanTag`].
    pub tags: Vec<SpanTag>,
    /// The span started in this range.
    pub started: TimeRange,
    /// The shortest duration of the span.
    pub min_duration: Option<Duration>,
    /// The longest duration of the span.
    pub max_duration: Option<Duration>,
    /// The largest number of traces, newest first.
    pub limit: u32,
}

/// One trace that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceOutline {
    /// The id.
    pub trace_id: TraceId,
    /// Start of the first span, truncated to microseconds.
    pub start: UnixNanos,
    /// From `start` to the end of the last span.
    pub duration: Duration,
}

impl SpanSearch {
    /// The largest number of tags of a search.
    pub const MAX_TAGS: usize = 32;
    /// The largest number of traces that a search finds.
    pub const MAX_LIMIT: u32 = 10_000;
    /// A trace is found by a span in the range if the trace began at most so long before the range.
    pub const LONG_TRACE: Duration = Duration::from_secs(3_600);

    /// The traces that are found, newest first.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] for too many tags or a limit out of range; otherwise the error of the
    /// engine.
    pub fn find(
        &self,
        from: &Sources<'_>,
        budget: &Budget,
    ) -> Result<Vec<TraceOutline>, QueryError> {
        self.check()?;
        let TimeRange { start, end } = self.started;
        let mut found = self.search(from, self.started, self.limit, budget)?;
        let missing = self.limit - found.len() as u32;
        if missing > 0 && start > UnixNanos(0) {
            let before = TimeRange { start: start.earlier(Self::LONG_TRACE), end: start.min(end) };
            found.extend(self.search(from, before, missing, budget)?);
        }
        Ok(found)
    }

    fn check(&self) -> Result<(), QueryError> {
        if self.tags.len() > Self::MAX_TAGS {
            let reason = format!("{} are more than {}", self.tags.len(), Self::MAX_TAGS);
            return Err(QueryError::Invalid { field: "tags", reason });
        }
        if self.limit == 0 || self.limit > Self::MAX_LIMIT {
            let reason = format!("{} is not between 1 and {}", self.limit, Self::MAX_LIMIT);
            return Err(QueryError::Invalid { field: "limit", reason });
        }
        Ok(())
    }

    /// The traces that began in `began` and are found.
    fn search(
        &self,
        from: &Sources<'_>,
        began: TimeRange,
        limit: u32,
        budget: &Budget,
    ) -> Result<Vec<TraceOutline>, EngineError> {
        let query = TraceQuery {
            started: began,
            services: self.service.iter().cloned().collect(),
            name: self.name.clone(),
            filter: self.filter(began, from.now),
            order: Order::Newest,
            ..TraceQuery::newest(limit)
        };
        let found = from.traces.search(&query, budget)?;
        let outline = |trace: TraceSummary| TraceOutline {
            trace_id: trace.trace_id,
            start: trace.start,
            duration: Duration::from_micros(trace.duration_us.try_into().unwrap_or(0)),
        };
        Ok(found.into_iter().map(outline).collect())
    }

    /// What the index of the engine does not decide: `None` if service and name say everything.
    fn filter(&self, began: TimeRange, now: UnixNanos) -> Option<Filter> {
        let compare = |field, op, value| Filter::Compare { field: Field::Span(field), op, value };
        let nanos = |number: u128| Literal::Int(i64::try_from(number).unwrap_or(i64::MAX));
        let mut all = Vec::new();
        if began.start < self.started.start {
            let start = nanos(self.started.start.0.into());
            all.push(compare(SpanField::Start, Comparison::GreaterOrEqual, start));
        }
        if self.started.end < now {
            let end = nanos(self.started.end.0.into());
            all.push(compare(SpanField::Start, Comparison::Less, end));
        }
        if let Some(least) = self.min_duration {
            let least = nanos(least.as_nanos());
            all.push(compare(SpanField::Duration, Comparison::GreaterOrEqual, least));
        }
        if let Some(most) = self.max_duration {
            all.push(compare(SpanField::Duration, Comparison::LessOrEqual, nanos(most.as_nanos())));
        }
        all.extend(self.tags.iter().map(SpanTag::filter));
        if all.is_empty() {
            return None;
        }
        // The span that meets these conditions is also of the service, and has the name.
        let text = |text: &String| Literal::Text(text.clone());
        let service = self.service.as_ref().map(text);
        all.extend(service.map(|name| compare(SpanField::Service, Comparison::Equal, name)));
        let name = self.name.as_ref().map(text);
        all.extend(name.map(|name| compare(SpanField::Name, Comparison::Equal, name)));
        Some(Filter::And(all))
    }
}
