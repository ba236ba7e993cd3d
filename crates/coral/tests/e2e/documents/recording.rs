//! Recordings of real traffic: exports of Beyla 3.31.0, unchanged. See `fixtures/beyla`.

#[path = "metrics_replay.rs"]
mod metrics_replay;

use coral_trace::{Recogniser, Span, TraceId, UnixNanos};
use coral_wire::otlp_in::{self, Encoding};

/// Request bodies in recorded order.
pub const REQUESTS: &[&[u8]] = &[
    include_bytes!("../../../../../fixtures/beyla/3.31.0/traces-001.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/traces-002.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/traces-003.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/traces-004.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/traces-005.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/traces-101.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/traces-102.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/traces-103.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/traces-201.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/traces-202.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/traces-401.otlp.pb"),
];

/// Metrics of the first five requests, in recorded order.
const METRICS: &[&[u8]] = &[
    include_bytes!("../../../../../fixtures/beyla/3.31.0/metrics-003.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/metrics-004.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/metrics-005.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/metrics-006.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/metrics-007.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/metrics-009.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/metrics-010.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/metrics-011.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/metrics-012.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/metrics-013.otlp.pb"),
    include_bytes!("../../../../../fixtures/beyla/3.31.0/metrics-014.otlp.pb"),
];

/// The recorded metrics as request bodies, shifted so that the last point is at `now`.
pub fn replayed_metrics(now: UnixNanos) -> Vec<Vec<u8>> {
    metrics_replay::retimed(METRICS, now).expect("the recordings are tested")
}

/// The spans of a recorded request, shifted so that the last one ends at `now`. `fresh` changes the
/// trace ids, so that each replay has its own. Intervals and span ids are as recorded.
pub fn replayed(request: &[u8], now: UnixNanos, fresh: u128) -> Vec<Span> {
    let decoded = otlp_in::decode(request, Encoding::Protobuf, &Recogniser::default());
    let mut spans = decoded.expect("the recordings are tested").spans;
    let recorded_end = spans.iter().map(|span| span.end).max().unwrap_or_default();
    let shift = now.0.saturating_sub(recorded_end.0);
    for span in &mut spans {
        span.trace_id = freshened(span.trace_id, fresh);
        span.start = UnixNanos(span.start.0 + shift);
        span.end = UnixNanos(span.end.0 + shift);
        for link in &mut span.links {
            link.trace_id = freshened(link.trace_id, fresh);
        }
    }
    spans
}

/// Changes a trace id. An id that would become zero, which is invalid, stays.
fn freshened(trace: TraceId, fresh: u128) -> TraceId {
    TraceId::try_from(trace.as_u128() ^ fresh).unwrap_or(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_ends_now_in_new_traces_and_keeps_all_intervals() {
        let now = UnixNanos(2_000_000_000_000_000_000);
        for request in REQUESTS {
            let one = replayed(request, now, 1);
            let other = replayed(request, UnixNanos(now.0 + 5), 2);
            assert_eq!(one.iter().map(|span| span.end).max(), Some(now));
            for (one, other) in one.iter().zip(&other) {
                assert_ne!(one.trace_id, other.trace_id);
                assert_eq!(one.start.0 + 5, other.start.0);
                assert_eq!(one.duration(), other.duration());
            }
        }
    }

    #[test]
    fn the_recorded_metrics_can_be_replayed() {
        assert_eq!(replayed_metrics(UnixNanos(2_000_000_000_000_000_000)).len(), METRICS.len());
    }
}
