//! How long the operation of a span usually takes.

use std::time::Duration;

use coral_engine::{Columns, EngineError, TraceQuery};
use coral_trace::dependency::nearest_rank;
use coral_trace::{Span, TimeRange, TraceId};

use super::answer::UsualDuration;
use crate::reader::Reader;

/// How far before the span traces are looked for.
const LOOKBACK: Duration = Duration::from_secs(3_600);
/// The largest number of traces that are read, newest first.
const MAX_TRACES: u32 = 200;
/// The largest number of spans that are read. A trace that would exceed it is left out.
const MAX_SPANS: u64 = 20_000;

impl Reader<'_> {
    /// How long spans of the service, name and kind of `span` took in the hour before it.
    pub(super) fn usual_duration(&self, span: &Span) -> Result<Option<UsualDuration>, EngineError> {
        let started = TimeRange { start: span.start.earlier(LOOKBACK), end: span.start };
        let service = span.origin.service_name();
        let found = self.search(&TraceQuery {
            started,
            services: vec![service.to_owned()],
            name: Some(span.name.clone()),
            ..TraceQuery::newest(MAX_TRACES)
        })?;
        let mut left = MAX_SPANS;
        let affordable = found.into_iter().filter_map(|trace| {
            left = left.checked_sub(trace.spans)?;
            Some(trace.trace_id)
        });
        let ids: Vec<TraceId> = affordable.filter(|trace| *trace != span.trace_id).collect();
        let spans = self.spans(&ids, None, Columns::CORE, MAX_SPANS as u32)?;
        let is_alike = |other: &&Span| {
            (other.origin.service_name(), &other.name, other.kind)
                == (service, &span.name, span.kind)
        };
        let durations = spans.iter().filter(is_alike).map(|other| other.duration().as_micros());
        let mut durations: Vec<i64> =
            durations.map(|micros| i64::try_from(micros).unwrap_or(i64::MAX)).collect();
        durations.sort_unstable();
        let count = durations.len() as u64;
        let percentile =
            |percent| durations.get(nearest_rank(count, percent) as usize - 1).copied();
        Ok(percentile(50).zip(percentile(95)).map(|(p50_us, p95_us)| UsualDuration {
            spans: count,
            p50_us,
            p95_us,
            since: started.start,
        }))
    }
}
