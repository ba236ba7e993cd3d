//! The polling status of one agent.

use coral_trace::UnixNanos;

use super::PollState;
use crate::registry::KnownBy;

/// The polling status of one agent.
#[derive(Clone, PartialEq, Debug)]
pub struct AgentStatus {
    /// The agent's id.
    pub agent_id: String,
    /// URL at which the agent is polled.
    pub address: String,
    /// How the colony knows the agent.
    pub known_by: KnownBy,
    /// The result of the last poll.
    pub state: PollState,
    /// Whether the agent answered the last poll, even with an error.
    pub reachable: bool,
    /// The agent's version of Coral; null when it did not register with this process.
    pub version: Option<String>,
    /// When the agent last answered a poll; null when it never answered this process.
    pub answered_at: Option<UnixNanos>,
    /// When spans of the agent were last stored; null when this process stored none.
    pub spans_at: Option<UnixNanos>,
    /// Spans stored per second over the last minute; null when the agent was not polled in it.
    pub spans_per_second: Option<f64>,
    /// Receipts that the agent has given out and the colony has not polled; null before the first
    /// poll.
    pub lag_receipts: Option<u64>,
    /// Seconds since the colony last had everything that the agent had; null when it never did.
    pub lag_seconds: Option<f64>,
    /// The error of the last poll, or which other colony polls the agent; null when the last poll
    /// succeeded.
    pub last_error: Option<String>,
    /// Spans of this agent stored since the colony's store was made.
    pub spans_stored: u64,
    /// Spans that expired on the agent before this colony polled them.
    pub spans_missed: u64,
    /// Spans received that can never be stored, since the colony started.
    pub spans_refused: u64,
    /// The reason of the last refusal of spans or metrics; null when nothing was refused.
    pub last_refusal: Option<String>,
    /// State of the agent's Beyla, with a reason; null before the first poll and for agents that do
    /// not report it.
    pub beyla: Option<String>,
    /// Services that listen on the agent's host and that its Beyla is not told to trace.
    pub untraced: Vec<UntracedService>,
}

/// A service that listens on the host of an agent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UntracedService {
    /// A name for the service.
    pub name: String,
    /// The lowest port on which it listens.
    pub port: u16,
    /// The path of the executable file.
    pub program: String,
}
