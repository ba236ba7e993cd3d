//! Numbers of traces, from few columns of their spans.

use std::collections::{BTreeMap, HashSet};

use coral_engine::{Budget, Columns, EngineError};
use coral_trace::{Span, TraceId, UnixNanos};

use crate::ask::Sources;

/// How many traces are read at once.
const TRACES_AT_ONCE: usize = 16;

/// The numbers of one trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceNumbers {
    /// The id.
    pub trace_id: TraceId,
    /// The service of the root, the earliest span without a parent; empty if there is none.
    pub root_service: String,
    /// The name of the root; empty if there is none.
    pub root_name: String,
    /// Start of the first span.
    pub start: UnixNanos,
    /// End of the last span.
    pub end: UnixNanos,
    /// The spans of each service.
    pub services: BTreeMap<String, SpanCounts>,
    /// How many spans have a parent that is not stored.
    pub orphans: u64,
}

/// How many spans there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SpanCounts {
    /// All spans.
    pub spans: u64,
    /// Spans with the status `error`.
    pub errors: u64,
}

impl TraceNumbers {
    /// The numbers of the stored traces among `ids`, in their order.
    ///
    /// # Errors
    /// The error of the engine.
    pub fn read(
        ids: &[TraceId],
        from: &Sources<'_>,
        budget: &Budget,
    ) -> Result<Vec<Self>, EngineError> {
        let mut numbers = Vec::with_capacity(ids.len());
        for some in ids.chunks(TRACES_AT_ONCE) {
            let stored = from.traces.spans_of(some, None, Columns::CORE, u32::MAX, budget)?;
            let spans: Vec<Span> = stored.into_iter().map(|stored| stored.span).collect();
            let mut of_id: BTreeMap<TraceId, &[Span]> = spans
                .chunk_by(|one, next| one.trace_id == next.trace_id)
                .map(|spans| (spans[0].trace_id, spans))
                .collect();
            numbers.extend(some.iter().filter_map(|id| Some(Self::of(of_id.remove(id)?))));
        }
        Ok(numbers)
    }

    /// The numbers of the trace with these spans, at least one, sorted by start.
    fn of(spans: &[Span]) -> Self {
        let known: HashSet<_> = spans.iter().map(|span| span.span_id).collect();
        let root = spans.iter().find(|span| span.parent_span_id.is_none());
        let mut services = BTreeMap::<String, SpanCounts>::new();
        for span in spans {
            let service = span.origin.service_name();
            if !services.contains_key(service) {
                services.insert(service.to_owned(), SpanCounts::default());
            }
            let counts = services.get_mut(service).expect("it was just inserted");
            counts.spans += 1;
            counts.errors += u64::from(span.is_error());
        }
        let is_orphan = |span: &&Span| span.parent_span_id.is_some_and(|id| !known.contains(&id));
        Self {
            trace_id: spans[0].trace_id,
            root_service: root.map_or("", |root| root.origin.service_name()).to_owned(),
            root_name: root.map(|root| root.name.clone()).unwrap_or_default(),
            start: spans.iter().map(|span| span.start).min().unwrap_or_default(),
            end: spans.iter().map(|span| span.end).max().unwrap_or_default(),
            services,
            orphans: spans.iter().filter(is_orphan).count() as u64,
        }
    }

    /// The counts of all services together.
    pub fn counts(&self) -> SpanCounts {
        self.services.values().fold(SpanCounts::default(), |sum, counts| SpanCounts {
            spans: sum.spans + counts.spans,
            errors: sum.errors + counts.errors,
        })
    }
}
