//! The agents of a colony, the checkpoints of their streams, and the colonies that share an engine.

use std::time::Duration;

use coral_trace::{Collector, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::error::EngineError;

/// How long after its last beat a colony is taken to be at work.
pub const COLONY_TIMEOUT: Duration = Duration::from_secs(15);

/// Stores registered agents, checkpoints and colonies. Every call blocks, and may be repeated.
pub trait Fleet: Send + Sync {
    /// All registered agents, sorted by id.
    ///
    /// # Errors
    /// [`EngineError`].
    fn agents(&self) -> Result<Vec<KnownAgent>, EngineError>;

    /// Stores an agent's address, which replaces an earlier address of the agent. After `Ok`, the
    /// address survives a crash.
    ///
    /// # Errors
    /// [`EngineError`]: nothing changed.
    fn register_agent(&self, agent: &KnownAgent) -> Result<(), EngineError>;

    /// Removes an agent from the registered agents. Its data and checkpoints stay, so if the agent
    /// registers again, polling resumes. Removing an unknown agent does nothing.
    ///
    /// # Errors
    /// [`EngineError`]: nothing changed.
    fn forget_agent(&self, agent_id: &str) -> Result<(), EngineError>;

    /// The checkpoint of each stream of spans, sorted by agent. There is at most one per agent and
    /// collector.
    ///
    /// # Errors
    /// [`EngineError`].
    fn checkpoints(&self) -> Result<Vec<Checkpoint>, EngineError>;

    /// The checkpoint of each agent's metrics, sorted by agent. There is at most one per agent.
    ///
    /// # Errors
    /// [`EngineError`].
    fn metric_checkpoints(&self) -> Result<Vec<MetricCheckpoint>, EngineError>;

    /// How much was stored and missed of each agent and signal, sorted by agent. Agents without a
    /// checkpoint are not included.
    ///
    /// # Errors
    /// [`EngineError`].
    fn signal_totals(&self) -> Result<Vec<SignalTotals>, EngineError>;

    /// The colonies that are at work on this engine's data, sorted by id: those that beat within the
    /// last [`COLONY_TIMEOUT`], by one clock for all of them, and have not left. `None` from an
    /// engine that only one colony can use, which is the default.
    ///
    /// # Errors
    /// [`EngineError`].
    fn colonies(&self) -> Result<Option<Vec<KnownColony>>, EngineError> {
        Ok(None)
    }

    /// Records that `colony` is at work. An engine for one colony records nothing.
    ///
    /// # Errors
    /// [`EngineError`]: the beat may have been recorded.
    fn beat(&self, colony: &KnownColony) -> Result<(), EngineError> {
        let _ = colony;
        Ok(())
    }

    /// Records that a colony stops: until its next beat, it is not at work. Does nothing for an
    /// unknown colony, and for an engine for one colony.
    ///
    /// # Errors
    /// [`EngineError`]: the colony may still be taken to be at work, for [`COLONY_TIMEOUT`].
    fn leave(&self, colony_id: &str) -> Result<(), EngineError> {
        let _ = colony_id;
        Ok(())
    }
}

/// A colony of several that share an engine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownColony {
    /// The colony's id.
    pub colony_id: String,
    /// The URL at which the colony answers; `None` if the colony does not know it.
    pub address: Option<String>,
}

/// A registered agent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KnownAgent {
    /// The agent's id.
    pub agent_id: String,
    /// The URL at which the colony polls the agent.
    pub address: String,
}

/// How far the colony has stored one stream of one agent's spans.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The agent's id.
    pub agent_id: String,
    /// The stream: eBPF spans or SDK spans.
    #[serde(with = "is_ebpf")]
    pub collector: Collector,
    /// The agent's store id. If the agent answers with another store id, polling starts over at
    /// receipt 0.
    pub store_id: String,
    /// The cursor of the next poll: the receipt after which the next page begins.
    pub next_receipt: u64,
    /// How many new spans of this stream were stored since this engine's data began.
    pub spans_stored: u64,
    /// How many spans expired on the agent before they were polled.
    pub spans_missed: u64,
}

/// How far the colony has stored one agent's metrics.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct MetricCheckpoint {
    /// The agent's id.
    pub agent_id: String,
    /// The agent's store id. If the agent answers with another store id, polling starts over at
    /// receipt 0.
    pub store_id: String,
    /// The cursor of the next poll: the receipt after which the next page begins.
    pub next_receipt: u64,
    /// How many rows were stored since this engine's data began.
    pub rows_stored: u64,
    /// How many rows expired on the agent before they were polled.
    pub rows_missed: u64,
}

/// How much an engine has stored and missed of one signal of one agent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignalTotals {
    /// The agent's id.
    pub agent_id: String,
    /// The kind of data that the numbers are about.
    pub signal: Signal,
    /// How many rows were stored since this engine's data began, including rows that have expired
    /// since.
    pub stored: u64,
    /// How many rows expired on the agent before they were polled.
    pub missed: u64,
    /// The time before which nothing can be queried; `None` when nothing is stored. For spans, this
    /// is when the oldest stored spans of any agent were received. For metrics, it is the time of
    /// the oldest stored row of any agent.
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
