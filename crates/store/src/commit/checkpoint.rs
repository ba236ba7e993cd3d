//! A colony's checkpoints and registered agents.
//!
//! Both are stored in the log: a checkpoint in the commit of its page, an agent in a commit
//! without rows.

use std::collections::BTreeMap;

use coral_engine::{Checkpoint, KnownAgent};
use coral_trace::Collector;

use super::encoding::Record;

/// A colony's agents and checkpoints. The first frame of each log repeats all of them.
#[derive(Clone, Default)]
pub(crate) struct AgentDirectory {
    pub(crate) checkpoints: BTreeMap<(String, bool), Checkpoint>,
    pub(crate) agents: BTreeMap<String, KnownAgent>,
}

impl AgentDirectory {
    /// Applies the changes of a commit.
    pub(crate) fn add(&mut self, record: &Record) {
        for checkpoint in &record.checkpoints {
            self.checkpoints.insert(key(checkpoint), checkpoint.clone());
        }
        for agent in &record.agents {
            self.agents.insert(agent.agent_id.clone(), agent.clone());
        }
        for agent_id in &record.forgotten {
            self.agents.remove(agent_id);
        }
    }
}

/// The map key of a checkpoint: agent id, and whether the stream is eBPF.
fn key(checkpoint: &Checkpoint) -> (String, bool) {
    (checkpoint.agent_id.clone(), checkpoint.collector == Collector::Ebpf)
}
