//! Colony: how far each agent's streams are stored, and which agents registered.
//!
//! Both stand in the log: a checkpoint beside the page it belongs to, an agent in a commit of its own.

use std::collections::BTreeMap;

use coral_engine::{Checkpoint, KnownAgent};
use coral_trace::Collector;

use super::encoding::Record;

/// What a colony knows of its agents. The head of each log repeats all of it.
#[derive(Clone, Default)]
pub(crate) struct AgentDirectory {
    pub(crate) checkpoints: BTreeMap<(String, bool), Checkpoint>,
    pub(crate) agents: BTreeMap<String, KnownAgent>,
}

impl AgentDirectory {
    /// Adds what a commit says.
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

/// What a checkpoint is kept by.
fn key(checkpoint: &Checkpoint) -> (String, bool) {
    (checkpoint.agent_id.clone(), checkpoint.collector == Collector::Ebpf)
}
