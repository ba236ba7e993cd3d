//! Sources that are shared by all questions of a colony.

use std::sync::Arc;

use coral_engine::{MetricReader, TraceReader};
use coral_trace::UnixNanos;

use crate::ask::Sources;
use crate::fleet::FleetState;

/// What a colony answers questions from, for as long as the colony runs. Cheap to clone.
#[derive(Clone)]
pub struct SharedSources {
    /// Reads spans and traces.
    pub traces: Arc<dyn TraceReader>,
    /// Reads RED metrics.
    pub metrics: Arc<dyn MetricReader>,
    /// The state of the agents.
    pub fleet: Arc<dyn FleetState>,
}

impl SharedSources {
    /// The sources for one question, with `now` as the current time.
    pub fn at(&self, now: UnixNanos) -> Sources<'_> {
        Sources { traces: &*self.traces, metrics: &*self.metrics, fleet: &*self.fleet, now }
    }
}
