//! Takes capabilities from a server that it does not need: only a server of root has any.

use rustix::io;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, remove_capability_from_bounding_set,
    set_capabilities,
};

/// What a server needs itself: files of its data directory that belong to another user, and ports
/// below 1024.
const OF_SERVER: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::NET_BIND_SERVICE);
/// What an agent needs further: it looks at the processes that listen, and ends Beyla.
const OF_AGENT: CapabilitySet = OF_SERVER
    .union(CapabilitySet::DAC_READ_SEARCH)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::SYS_PTRACE)
    .union(CapabilitySet::SYS_RESOURCE);

/// Leaves a colony and its processes that answer in SQL what they need, for good.
pub(super) fn of_colony() {
    let given_up = (CapabilitySet::all() - OF_SERVER).iter();
    // Only root may, and only processes of root get capabilities back when they start a program.
    for capability in given_up {
        let _ = remove_capability_from_bounding_set(capability);
    }
    lower(|sets| {
        let left = sets.permitted & OF_SERVER;
        CapabilitySets { effective: left, permitted: left, inheritable: CapabilitySet::empty() }
    });
}

/// Leaves an agent in effect what it needs. It is permitted the rest still: Beyla, which it starts
/// again and again, has what the agent is permitted.
pub(super) fn of_agent() {
    lower(|sets| CapabilitySets { effective: sets.effective & OF_AGENT, ..sets });
}

/// Changes the capabilities of this thread, and of those that it starts from now on.
fn lower(change: impl FnOnce(CapabilitySets) -> CapabilitySets) {
    let lowered: io::Result<()> =
        capabilities(None).and_then(|sets| set_capabilities(None, change(sets)));
    if let Err(error) = lowered {
        tracing::warn!(%error, "this process keeps capabilities that it does not need");
    }
}
