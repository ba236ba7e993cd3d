//! Sources that outlive one question.

use std::sync::Arc;

use coral_engine::{MetricReader, TraceReader};
use coral_trace::UnixNanos;

use crate::ask::Sources;
use crate::fleet::FleetState;

/// What a colony answers from, for as long as it runs. Cheap to clone.
#[derive(Clone)]
pub struct SharedSources {
    /// Spans and traces.
    pub traces: Arc<dyn TraceReader>,
    /// RED metrics.
    pub metrics: Arc<dyn MetricReader>,
    /// What is known of the agents.
    pub fleet: Arc<dyn FleetState>,
}

impl SharedSources {
    /// The sources of a question that is asked at `now`.
    pub fn at(&self, now: UnixNanos) -> Sources<'_> {
        Sources { traces: &*self.traces, metrics: &*self.metrics, fleet: &*self.fleet, now }
    }
}
