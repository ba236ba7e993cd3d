//! The agents of a colony, and how far each of their streams is stored.

use coral_trace::{Collector, UnixNanos};
use serde::{Deserialize, Serialize};

use crate::error::EngineError;

/// Remembers agents, and how far each of their streams is stored. Every call blocks, and may be repeated.
pub trait Fleet: Send + Sync {
    /// Every agent that registered, by id.
    ///
    /// # Errors
    /// [`EngineError`].
    fn agents(&self) -> Result<Vec<KnownAgent>, EngineError>;

    /// Remembers where an agent is polled, in place of what was known of it. It survives a crash once this
    /// returned `Ok`.
    ///
    /// # Errors
    /// [`EngineError`]: nothing changed.
    fn register_agent(&self, agent: &KnownAgent) -> Result<(), EngineError>;

    /// Forgets where an agent is polled. What is stored of it stays, and so do its checkpoints: an agent that
    /// registers again is polled from where it was. Forgetting an unknown agent does nothing.
    ///
    /// # Errors
    /// [`EngineError`]: nothing changed.
    fn forget_agent(&self, agent_id: &str) -> Result<(), EngineError>;

    /// How far each stream of spans is stored, by agent; at most one checkpoint for an agent and collector.
    ///
    /// # Errors
    /// [`EngineError`].
    fn checkpoints(&self) -> Result<Vec<Checkpoint>, EngineError>;

    /// How far each agent's metrics are stored, by agent; at most one checkpoint for an agent.
    ///
    /// # Errors
    /// [`EngineError`].
    fn metric_checkpoints(&self) -> Result<Vec<MetricCheckpoint>, EngineError>;

    /// What was stored and missed of each agent and signal, by agent. Agents without a checkpoint are not in it:
    /// nothing is known of them.
    ///
    /// # Errors
    /// [`EngineError`].
    fn coverage(&self) -> Result<Vec<Coverage>, EngineError>;
}

/// An agent that registered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KnownAgent {
    /// Its id.
    pub agent_id: String,
    /// Where it is polled.
    pub address: String,
}

/// How far one stream of one agent's spans is stored.
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
    /// Spans of this stream that were new here, since this engine's data began.
    pub spans_stored: u64,
    /// Spans that expired on the agent before they were polled.
    pub spans_missed: u64,
}

/// How far one agent's metrics are stored.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct MetricCheckpoint {
    /// The agent.
    pub agent_id: String,
    /// The agent's store. When the agent answers with another one, begin again at 0.
    pub store_id: String,
    /// The receipt to ask after.
    pub next_receipt: u64,
    /// Rows stored here, since this engine's data began.
    pub rows_stored: u64,
    /// Rows that expired on the agent before they were polled.
    pub rows_missed: u64,
}

/// What an engine has, and has not, of one signal of one agent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Coverage {
    /// The agent.
    pub agent_id: String,
    /// What it sent.
    pub signal: Signal,
    /// Rows stored since this engine's data began, also those that expired since.
    pub stored: u64,
    /// Rows that expired on the agent before they were polled.
    pub missed: u64,
    /// Nothing of this signal, of any agent, that is older can be answered: the time at which the oldest stored
    /// spans were received, or the oldest time that a stored row of metrics is of. `None` when none is stored.
    pub since: Option<UnixNanos>,
}

/// A kind of data that an agent sends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Signal {
    /// Spans that this collector made.
    Spans(Collector),
    /// RED metrics.
    Metrics,
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
