//! Traffic of which an SDK saw a part too: those traces have each span twice, once of each collector.

use std::sync::Arc;

use coral_scenario::mix;
use coral_trace::{Collector, Origin, Span, SpanId};

use crate::Failure;
use crate::traffic::Traffic;
use crate::traffic::truth::Facts;

/// The part of the traces that an SDK saw too, from 0 to 1.
#[derive(Clone, Copy, Debug)]
pub struct SeenByBoth(pub f64);

impl SeenByBoth {
    /// Whether no trace was seen by an SDK.
    pub fn is_none(self) -> bool {
        self.0 <= 0.0
    }

    fn includes(self, trace_id: u128) -> bool {
        (mix(trace_id as u64) as f64) < self.0 * u64::MAX as f64
    }

    /// Adds the SDK's spans to `spans`. Each is like the eBPF span, with another id.
    ///
    /// # Errors
    /// A span id becomes 0.
    pub fn add_to(self, spans: &mut Vec<Span>) -> Result<(), Failure> {
        let mut copies = Vec::new();
        for span in spans.iter().filter(|span| self.includes(span.trace_id.as_u128())) {
            let other = |id: SpanId| SpanId::try_from(id.as_u64() ^ 0x5d4b_0000_0000_0001);
            let origin = Origin { collector: Collector::Sdk, ..Origin::clone(&span.origin) };
            copies.push(Span {
                span_id: other(span.span_id)?,
                parent_span_id: span.parent_span_id.map(other).transpose()?,
                origin: Arc::new(origin),
                ..span.clone()
            });
        }
        spans.append(&mut copies);
        Ok(())
    }

    /// The facts of a trace of `traffic` with the spans of both collectors.
    pub fn facts(self, facts: Facts) -> Facts {
        let id = u128::from_str_radix(&facts.trace_id, 16).unwrap_or_default();
        let times = if self.includes(id) { 2 } else { 1 };
        Facts { spans: times * facts.spans, errors: times * facts.errors, ..facts }
    }

    /// The number of spans of `traffic` and its copies.
    pub fn total_spans(self, traffic: &Traffic) -> u64 {
        let both = (0..traffic.traces()).filter(|at| self.includes(traffic.trace(*at).id)).count();
        traffic.total_spans() + both as u64 * traffic.spans_per_trace
    }
}
