//! Colony: how far each agent's streams are stored, and which agents registered.
//!
//! Both stand in the log: a checkpoint beside the page it belongs to, an agent in a commit of its own.

use std::collections::BTreeMap;

use coral_trace::Collector;
use serde::{Deserialize, Serialize};

/// How far one stream of one agent is stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The agent.
    pub agent_id: String,
    /// Which of its streams: eBPF spans or SDK spans.
    #[serde(with = "is_ebpf")]
    pub collector: Collector,
    /// The agent's store. When the agent answers with another one, begin again at 0.
    pub store_id: String,
    /// The receipt to ask after.
    pub next_receipt: u64,
    /// Spans of this stream that were new here, since this store was made.
    pub spans_stored: u64,
    /// Spans that expired on the agent before they were polled.
    pub spans_missed: u64,
}

/// An agent that registered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KnownAgent {
    /// Its id.
    pub agent_id: String,
    /// Where it is polled.
    pub address: String,
}

/// What a colony knows of its agents. The head of each log repeats all of it.
#[derive(Clone, Default)]
pub(crate) struct AgentDirectory {
    pub(crate) checkpoints: BTreeMap<(String, bool), Checkpoint>,
    pub(crate) agents: BTreeMap<String, KnownAgent>,
}

impl AgentDirectory {
    /// Adds what a commit says.
    pub(crate) fn add(&mut self, checkpoints: &[Checkpoint], agents: &[KnownAgent]) {
        for checkpoint in checkpoints {
            self.checkpoints.insert(checkpoint.key(), checkpoint.clone());
        }
        for agent in agents {
            self.agents.insert(agent.agent_id.clone(), agent.clone());
        }
    }
}

impl Checkpoint {
    /// What it is kept by.
    fn key(&self) -> (String, bool) {
        (self.agent_id.clone(), self.collector == Collector::Ebpf)
    }
}

/// A collector as "is it eBPF?".
mod is_ebpf {
    use coral_trace::Collector;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        collector: &Collector,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (*collector == Collector::Ebpf).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Collector, D::Error> {
        let ebpf = bool::deserialize(deserializer)?;
        Ok(if ebpf { Collector::Ebpf } else { Collector::Sdk })
    }
}
