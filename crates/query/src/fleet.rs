//! What a colony knows about its agents.

use coral_trace::UnixNanos;

use crate::status::answer::ColonyStatus;

/// The state of a colony's agents, and of the colony itself.
pub trait FleetState: Send + Sync {
    /// The polling state of each agent and the colony's counters, as of `now`.
    fn status(&self, now: UnixNanos) -> ColonyStatus;
}
