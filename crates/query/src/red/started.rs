//! Which spans belong to the traces that started in a window. Service maps and lists of traces
//! count the same traces, so that all of them agree.

use std::collections::HashSet;
use std::time::Duration;

use coral_engine::{EngineError, TraceQuery};
use coral_trace::{Span, TimeRange, TraceId, UnixNanos};

use crate::reader::Reader;

/// How long a trace may run past an end of a window and still be counted by its start. Of longer
/// traces, each span is counted by its own start.
const MAX_RUNNING: Duration = Duration::from_secs(1_024);
/// The largest number of traces that run at one moment and started within one of the searched
/// periods.
const MAX_RUNNING_TRACES: u32 = 100_000;

/// The traces of a service, or of all services, that started in a window.
pub(super) struct StartedTraces {
    window: TimeRange,
    /// Traces that started before the window, and may have run when it began.
    earlier: HashSet<TraceId>,
    /// Traces that started before the end of the window, and may have run then.
    unfinished: HashSet<TraceId>,
    /// No span of `unfinished` ends later.
    last_end: UnixNanos,
}

/// Traces that started before a moment, and may have run then.
struct Running {
    traces: HashSet<TraceId>,
    last_end: UnixNanos,
}

impl Reader<'_> {
    /// The traces with a span of `service`, or of any service, that started in `window`.
    pub(super) fn started_traces(
        &self,
        service: Option<&str>,
        window: TimeRange,
    ) -> Result<StartedTraces, EngineError> {
        let earlier = self.running_at(service, window.start)?.traces;
        let Running { traces: unfinished, last_end } = self.running_at(service, window.end)?;
        Ok(StartedTraces { window, earlier, unfinished, last_end })
    }

    /// Searches periods before `moment`, each as long as all after it. A trace that started in one
    /// and still ran at `moment` took at least as long as the periods after it together, so that
    /// few traces are found.
    fn running_at(&self, service: Option<&str>, moment: UnixNanos) -> Result<Running, EngineError> {
        let mut running = Running { traces: HashSet::new(), last_end: moment };
        let (mut least, mut most) = (Duration::ZERO, Duration::from_secs(1));
        while most <= MAX_RUNNING {
            let query = TraceQuery {
                started: TimeRange { start: moment.earlier(most), end: moment.earlier(least) },
                services: service.map(str::to_owned).into_iter().collect(),
                min_duration_us: Some(least.as_micros() as i64),
                ..TraceQuery::newest(MAX_RUNNING_TRACES)
            };
            for trace in self.search(&query)? {
                let duration = Duration::from_micros(trace.duration_us.max(0).unsigned_abs());
                // The start is truncated to microseconds, and a time range excludes its end.
                let end = trace.start.later(duration).later(Duration::from_micros(2));
                running.last_end = running.last_end.max(end);
                running.traces.insert(trace.trace_id);
            }
            (least, most) = (most, most * 2);
        }
        Ok(running)
    }
}

impl StartedTraces {
    /// Whether the trace of `span` started in the window.
    pub fn includes(&self, span: &Span) -> bool {
        // Stored times are compared in microseconds, as the engine compares them.
        let start = span.start.as_micros();
        start >= self.window.start.as_micros()
            && !self.earlier.contains(&span.trace_id)
            && (start < self.window.end.as_micros() || self.unfinished.contains(&span.trace_id))
    }

    /// When the spans ended that [`includes`](Self::includes) can be true for.
    pub fn spans_ended(&self) -> TimeRange {
        TimeRange { start: self.window.start, end: self.last_end.max(self.window.end) }
    }
}
