//! What is known of the agents.

use coral_trace::UnixNanos;

use crate::status::answer::ColonyStatus;

/// What is known of the agents of a colony, and of the colony itself.
pub trait FleetState: Send + Sync {
    /// The state of polling, and the colony's counters, as of `now`.
    fn status(&self, now: UnixNanos) -> ColonyStatus;
}
