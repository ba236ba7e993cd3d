//! Which spans the agents of the hosts report.

use coral_trace::{Collector, Span, TimeRange, TraceId, UnixNanos};

use super::{DEAD_FOR, Incident, IncidentKind, MINUTE, RESTARTS_FOR};

/// A time during which one host reports no spans.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AgentGap {
    /// The name of the host, which is the id of its agent.
    pub host: String,
    /// When the host reports no spans.
    pub range: TimeRange,
    /// Whether the agent runs, and only its Beyla does not.
    pub agent_runs: bool,
}

/// The part of the traces that are sampled, when not all are.
const SAMPLED: f64 = 0.25;
/// By how much a clock is fast, in nanoseconds.
const CLOCK_OFFSET: u64 = 3_000_000_000;

impl Incident {
    /// The time without an agent, or without its Beyla; `None` when all agents report all the time.
    pub fn gap(&self) -> Option<AgentGap> {
        let began = self.began.0;
        let (start, end) = match self.kind {
            IncidentKind::AgentDies => (began, u64::MAX),
            IncidentKind::AgentReturns => (began - DEAD_FOR * MINUTE, began),
            IncidentKind::AgentJoins => (0, began),
            IncidentKind::BeylaRestarts => (began, began + RESTARTS_FOR * MINUTE),
            _ => return None,
        };
        let range = TimeRange { start: UnixNanos(start), end: UnixNanos(end) };
        let agent_runs = self.kind == IncidentKind::BeylaRestarts;
        Some(AgentGap { host: self.host.clone(), range, agent_runs })
    }

    /// The span as the agent of its host reports it; `None` when it does not.
    pub fn reported(&self, mut span: Span) -> Option<Span> {
        let is_after = span.start >= self.began;
        let is_sampled = match self.kind {
            IncidentKind::SamplingBegins => !is_after || is_sampled(span.trace_id, SAMPLED),
            IncidentKind::SamplingEnds => is_after || is_sampled(span.trace_id, SAMPLED),
            _ => true,
        };
        if !is_sampled || self.is_lost(&span) {
            return None;
        }
        if self.kind == IncidentKind::ClockOff && is_after && host(&span) == self.host {
            span.start.0 += CLOCK_OFFSET;
            span.end.0 += CLOCK_OFFSET;
        }
        Some(span)
    }

    /// Whether the agent of the span's host, or its Beyla, does not run, so that the span is neither
    /// reported nor counted.
    pub fn is_lost(&self, span: &Span) -> bool {
        let is_of_beyla = span.origin.collector == Collector::Ebpf;
        self.gap().is_some_and(|gap| {
            host(span) == gap.host
                && gap.range.contains(span.end)
                && (is_of_beyla || !gap.agent_runs)
        })
    }
}

/// The name of the host that a span is from.
fn host(span: &Span) -> &str {
    span.origin.resource.attributes.text("host.name").unwrap_or_default()
}

/// Whether the sampler of OpenTelemetry's Go SDK, which decides by the lower half of the trace id,
/// samples the trace when it samples this `part` (0 to 1) of all traces.
pub fn is_sampled(trace_id: TraceId, part: f64) -> bool {
    let number = (trace_id.as_u128() as u64) >> 1;
    (number as f64) < part * (1u64 << 63) as f64
}
