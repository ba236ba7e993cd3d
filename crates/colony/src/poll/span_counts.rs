//! Counts the spans of a page, for the coverage timeline.

use std::collections::BTreeMap;
use std::sync::Arc;

use coral_engine::{AgentMinute, Minute, PageSpan, RequestCounts};
use coral_trace::red::{Protocol, protocol_of_span};
use coral_trace::{Origin, Span, SpanKind, UnixNanos};

use super::minutes::{MAX_AGE_MINUTES, MAX_NAME_BYTES, MIN_PROBABILITY};

/// Spans of stored traces, counted by service and minute of their start.
#[derive(Default)]
pub struct SpanCounts {
    pub(super) minutes: BTreeMap<Minute, AgentMinute>,
    pub(super) sampled: SampledSpans,
}

/// Counts spans that were received at one time.
pub(super) struct SpanCounter {
    newest: Minute,
    // Spans of one resource share their origin, so few origins are looked at.
    counts: BTreeMap<(Minute, *const Origin), OriginCount>,
    sampled: SampledSpans,
}

/// What is counted of a span.
pub(super) struct CountedSpan<'a> {
    start: UnixNanos,
    /// The protocol of the request that the span serves: HTTP or gRPC.
    served: Option<Protocol>,
    trace_state: &'a str,
    origin: &'a Arc<Origin>,
}

/// The spans of one minute that share their origin.
struct OriginCount {
    /// Keeps the origin, whose address is the key, alive.
    origin: Arc<Origin>,
    spans: u64,
    /// Those of them that serve a request: over HTTP, and over gRPC.
    served: [u64; 2],
}

/// Spans whose trace state tells the probability with which their trace was sampled.
#[derive(Clone, Copy, Default)]
pub(super) struct SampledSpans {
    pub(super) spans: f64,
    /// Estimate of how many spans there were before sampling.
    pub(super) before_sampling: f64,
}

impl SpanCounts {
    /// Counts `spans`, which were received at `now`.
    pub(super) fn of<'a>(spans: impl Iterator<Item = CountedSpan<'a>>, now: UnixNanos) -> Self {
        let mut counter = SpanCounter::at(now);
        spans.for_each(|span| counter.add(&span));
        counter.counts()
    }
}

impl SpanCounter {
    /// A counter of spans that were received at `now`.
    pub(super) fn at(now: UnixNanos) -> Self {
        let (counts, sampled) = (BTreeMap::new(), SampledSpans::default());
        Self { newest: Minute::at(now), counts, sampled }
    }

    /// Counts a span. A span that started more than a day before it was received, or later, is not
    /// counted: its clock is wrong.
    pub(super) fn add(&mut self, span: &CountedSpan<'_>) {
        let minute = Minute::at(span.start);
        if minute <= self.newest && self.newest.0 <= minute.0 + MAX_AGE_MINUTES {
            let count = self.count((minute, Arc::as_ptr(span.origin)), span.origin);
            count.spans += 1;
            if let Some(protocol) = span.served {
                count.served[usize::from(protocol == Protocol::Grpc)] += 1;
            }
        }
        if let Some(probability) = probability(span.trace_state) {
            self.sampled.add(SampledSpans { spans: 1.0, before_sampling: 1.0 / probability });
        }
    }

    fn count(&mut self, key: (Minute, *const Origin), origin: &Arc<Origin>) -> &mut OriginCount {
        let empty = || OriginCount { origin: origin.clone(), spans: 0, served: [0; 2] };
        self.counts.entry(key).or_insert_with(empty)
    }

    /// What was counted.
    pub(super) fn counts(self) -> SpanCounts {
        let mut minutes: BTreeMap<Minute, AgentMinute> = BTreeMap::new();
        for ((minute, _), OriginCount { origin, spans, served }) in self.counts {
            let empty = || AgentMinute { minute, ..AgentMinute::default() };
            let record = minutes.entry(minute).or_insert_with(empty);
            let service = origin.service_name();
            match service.len() {
                0..=MAX_NAME_BYTES => record.count(service.to_owned(), origin.collector, spans),
                _ => record.services_cut = true,
            }
            for (protocol, spans) in [Protocol::Http, Protocol::Grpc].into_iter().zip(served) {
                if spans > 0 {
                    let counts = RequestCounts { spans, counted: 0 };
                    record.count_requests(service.to_owned(), protocol, counts);
                }
            }
        }
        SpanCounts { minutes, sampled: self.sampled }
    }
}

impl<'a> CountedSpan<'a> {
    pub(super) fn of_span(span: &'a Span) -> Self {
        let Span { start, kind, trace_state, origin, .. } = span;
        let served = served(*kind, origin, || protocol_of_span(span));
        Self { start: *start, served, trace_state, origin }
    }

    pub(super) fn of_columns(span: &PageSpan<'a>) -> Self {
        let PageSpan { start, kind, protocol, trace_state, origin, .. } = *span;
        Self { start, served: served(kind, origin, || protocol), trace_state, origin }
    }
}

/// The protocol of the request that a span serves; `None` for other spans, and for services with a
/// long name.
fn served(
    kind: SpanKind,
    origin: &Origin,
    protocol: impl FnOnce() -> Option<Protocol>,
) -> Option<Protocol> {
    (kind == SpanKind::Server && origin.service_name().len() <= MAX_NAME_BYTES)
        .then(protocol)?
        .filter(|protocol| *protocol != Protocol::Sql)
}

impl SampledSpans {
    pub(super) fn add(&mut self, other: Self) {
        self.spans += other.spans;
        self.before_sampling += other.before_sampling;
    }

    /// The fraction of spans that sampling kept; `None` when no span tells.
    pub(super) fn ratio(self) -> Option<f64> {
        (self.spans > 0.0).then(|| (self.spans / self.before_sampling).min(1.0))
    }
}

/// The probability with which a trace was sampled, from the rejection threshold `th` that
/// OpenTelemetry's samplers write into the trace state: up to 14 hex digits, of which trailing
/// zeros may be missing. `None` below [`MIN_PROBABILITY`].
///
/// Source: OpenTelemetry, "TraceState: Probability Sampling".
fn probability(trace_state: &str) -> Option<f64> {
    let members = trace_state.split(',').map(str::trim);
    let value = members.filter_map(|member| member.strip_prefix("ot=")).next()?;
    let threshold = value.split(';').find_map(|field| field.strip_prefix("th:"))?;
    if threshold.is_empty() || threshold.len() > 14 {
        return None;
    }
    let digits = u64::from_str_radix(threshold, 16).ok()?;
    let rejected = digits << (4 * (14 - threshold.len()));
    let probability = 1.0 - rejected as f64 / (1u64 << 56) as f64;
    (probability >= MIN_PROBABILITY).then_some(probability)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_of_a_trace_state_is_the_probability_of_its_trace() {
        for (state, expected) in [
            ("", None),
            ("vendor=1", None),
            ("ot=rv:1234567890abcd", None),
            ("ot=th:0", Some(1.0)),
            ("ot=th:8", Some(0.5)),
            ("vendor=1, ot=rv:9;th:c", Some(0.25)),
            ("ot=th:", None),
            ("ot=th:fffffffffffffff", None),
            ("ot=th:x", None),
            ("ot=th:fff", Some(1.0 / 4_096.0)),
            ("ot=th:ffff", None),
            ("ot=th:ffffffffffffff", None),
        ] {
            assert_eq!(probability(state), expected, "{state}");
        }
    }
}
