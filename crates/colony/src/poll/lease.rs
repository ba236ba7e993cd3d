//! The lease of an agent: of the colonies of one cluster, one polls an agent at a time.

use std::time::Duration;

use coral_wire::agent_rpc::lease::MAX_LEASE;
use tokio::time::Instant;

use crate::member::ClusterMember;

/// What a colony of a cluster asks agents for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaseTerms {
    /// The colony.
    pub member: ClusterMember,
    /// How long the colony has an agent for itself after each request to the agent.
    pub length: Duration,
}

/// The shortest lease. A colony that ends without giving its leases up is missed for this long.
const MIN_LEASE: Duration = Duration::from_secs(30);

impl LeaseTerms {
    /// The terms of a colony that polls at the interval `every`. A lease outlasts the time between
    /// two requests to an agent that answers within `timeout`.
    pub fn new(member: ClusterMember, every: Duration, timeout: Duration) -> Self {
        let length = every.saturating_mul(2).saturating_add(timeout).clamp(MIN_LEASE, MAX_LEASE);
        Self { member, length }
    }
}

/// Whether this colony has the lease of one agent, as far as the colony can tell by its own clock.
/// While it does, no other colony of the cluster moves the agent's checkpoints.
pub(super) struct AgentLease {
    /// `None` for a colony that is not in a cluster.
    length: Option<Duration>,
    /// When the last request was sent that the agent answered. `None` if another colony has the
    /// lease.
    granted: Option<Instant>,
    /// Whether the checkpoints were read from the engine after the last request.
    has_read: bool,
}

impl AgentLease {
    /// No lease, and checkpoints that were just read.
    pub(super) const fn none(length: Option<Duration>) -> Self {
        Self { length, granted: None, has_read: true }
    }

    /// Records that a request is sent. Returns the time for [`Self::granted`].
    pub(super) fn asks(&mut self) -> Instant {
        self.has_read = false;
        Instant::now()
    }

    /// Records that the agent answered a request that was sent at `asked`.
    pub(super) const fn granted(&mut self, asked: Instant) {
        self.granted = Some(asked);
    }

    /// Records that another colony has the lease.
    pub(super) const fn refused(&mut self) {
        self.granted = None;
    }

    /// Records that the checkpoints were read from the engine again.
    pub(super) const fn has_read(&mut self) {
        self.has_read = true;
    }

    /// Whether the agent refuses other colonies now.
    pub(super) fn is_held(&self) -> bool {
        let times = self.granted.zip(self.length);
        times.is_some_and(|(granted, length)| granted.elapsed() < length)
    }

    /// Whether another colony may have moved the checkpoints since they were read.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.length.is_some() && !self.has_read && !self.is_held()
    }
}
