//! How polling one agent goes, for whoever shows it.

use coral_trace::UnixNanos;

use super::PollState;
use crate::registry::KnownBy;

/// How polling one agent goes.
#[derive(Clone, PartialEq, Debug)]
pub struct AgentStatus {
    /// The agent's id.
    pub agent_id: String,
    /// Where it is polled.
    pub address: String,
    /// How the colony knows the agent.
    pub known_by: KnownBy,
    /// How the last poll went.
    pub state: PollState,
    /// Somebody answered the last poll, whatever it was.
    pub reachable: bool,
    /// The agent's version of Coral; null when it did not register with this process.
    pub version: Option<String>,
    /// When the agent last answered a poll; null when it never answered this process.
    pub answered_at: Option<UnixNanos>,
    /// When spans of the agent were last stored; null when this process stored none.
    pub spans_at: Option<UnixNanos>,
    /// Spans stored per second over the last minute; null when the agent was not polled in it.
    pub spans_per_second: Option<f64>,
    /// Receipts the agent has given out and this colony has not stored; null before the first poll.
    pub lag_receipts: Option<u64>,
    /// Seconds since the colony last held everything the agent had; null when it never did.
    pub lag_seconds: Option<f64>,
    /// What went wrong with the last poll; null when it succeeded.
    pub last_error: Option<String>,
    /// Spans of this agent stored here since the colony's store was made.
    pub spans_stored: u64,
    /// Spans that expired on the agent before this colony polled them.
    pub spans_missed: u64,
    /// Spans that came and can never be stored, since the colony started.
    pub spans_refused: u64,
    /// Why, for the last of them or of its metrics; null when there is none.
    pub last_refusal: Option<String>,
    /// State and reason of the Beyla that the agent runs; null before the first poll, and of agents that do
    /// not say it.
    pub beyla: Option<String>,
}
