//! The agents of a colony, and the checkpoints of their streams.

use coral_trace::{Collector, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::error::EngineError;

/// Stores registered agents and checkpoints. Every call blocks, and may be repeated.
pub trait Fleet: Send + Sync {
    /// All registered agents, by id.
    ///
    /// # Errors
    /// [`EngineError`].
    fn agents(&self) -> Result<Vec<KnownAgent>, EngineError>;

    /// Stores an agent's address, replacing an earlier one. Survives a crash after `Ok`.
    ///
    /// # Errors
    /// [`EngineError`]: nothing changed.
    fn register_agent(&self, agent: &KnownAgent) -> Result<(), EngineError>;

    /// Removes an agent from the registered ones. Its data and checkpoints stay: if the agent
    /// registers again, polling resumes. Removing an unknown agent does nothing.
    ///
    /// # Errors
    /// [`EngineError`]: nothing changed.
    fn forget_agent(&self, agent_id: &str) -> Result<(), EngineError>;

    /// The checkpoint of each stream of spans, by agent; at most one per agent and collector.
    ///
    /// # Errors
    /// [`EngineError`].
    fn checkpoints(&self) -> Result<Vec<Checkpoint>, EngineError>;

    /// The checkpoint of each agent's metrics, by agent; at most one per agent.
    ///
    /// # Errors
    /// [`EngineError`].
    fn metric_checkpoints(&self) -> Result<Vec<MetricCheckpoint>, EngineError>;

    /// What was stored and missed of each agent and signal, by agent. Agents without a checkpoint
    /// are not included.
    ///
    /// # Errors
    /// [`EngineError`].
    fn coverage(&self) -> Result<Vec<Coverage>, EngineError>;
}

/// A registered agent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KnownAgent {
    /// Its id.
    pub agent_id: String,
    /// URL at which the agent is polled.
    pub address: String,
}

/// How far one stream of one agent's spans is stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The agent.
    pub agent_id: String,
    /// The stream: eBPF spans or SDK spans.
    #[serde(with = "is_ebpf")]
    pub collector: Collector,
    /// The agent's store id. If the agent answers with another one, polling starts over at receipt
    /// 0.
    pub store_id: String,
    /// The cursor of the next poll.
    pub next_receipt: u64,
    /// New spans of this stream that were stored, since this engine's data began.
    pub spans_stored: u64,
    /// Spans that expired on the agent before they were polled.
    pub spans_missed: u64,
}

/// How far one agent's metrics are stored.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct MetricCheckpoint {
    /// The agent.
    pub agent_id: String,
    /// The agent's store id. If the agent answers with another one, polling starts over at receipt
    /// 0.
    pub store_id: String,
    /// The cursor of the next poll.
    pub next_receipt: u64,
    /// Rows stored since this engine's data began.
    pub rows_stored: u64,
    /// Rows that expired on the agent before they were polled.
    pub rows_missed: u64,
}

/// What an engine has stored and missed of one signal of one agent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Coverage {
    /// The agent.
    pub agent_id: String,
    /// The kind of data.
    pub signal: Signal,
    /// Rows stored since this engine's data began, including expired ones.
    pub stored: u64,
    /// Rows that expired on the agent before they were polled.
    pub missed: u64,
    /// When the oldest stored spans of any agent were received, or the time of the oldest stored
    /// metrics. Older data cannot be queried. `None` when nothing is stored.
    pub since: Option<UnixNanos>,
}

/// A kind of data that an agent sends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Signal {
    /// Spans of this collector.
    Spans(Collector),
    /// RED metrics.
    Metrics,
}

/// Serialises a collector as a boolean: whether it is eBPF.
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
