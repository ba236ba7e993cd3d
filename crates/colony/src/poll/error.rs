//! Errors of polling, and the state of an agent that follows from them.

use std::time::Duration;

use coral_engine::{ColumnsError, EngineError};
use coral_trace::sanitize::line;
use coral_wire::agent_rpc::lease::HeldLease;
use coral_wire::otlp_in::DecodeError;
use tokio::task::JoinError;

/// Why a poll of an agent failed. The next poll resumes after the last stored page.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// The colony could not connect to the agent, or the connection broke.
    #[error("cannot reach agent")]
    Unreachable(#[source] Reason),
    /// The agent did not start its answer, or did not complete it, within the timeout.
    #[error("agent did not answer within {0:?}")]
    TimedOut(Duration),
    /// The agent answered with an error.
    #[error("agent refused")]
    Refused(#[source] Reason),
    /// Another colony of the cluster polls the agent.
    #[error("colony `{}` polls the agent", .0.holder)]
    Leased(HeldLease),
    /// The agent is older than this colony: it does not know receipts, or not even the RPC.
    #[error("agent is too old")]
    TooOld(#[source] Reason),
    /// The answer is not one that an agent of any version gives.
    #[error("agent answers nonsense")]
    Nonsense(#[source] Reason),
    /// The agent's pages do not advance, or come from another store again and again. Two agents may
    /// share the address.
    #[error("agent's pages do not move on from receipt {0}")]
    Standstill(u64),
    /// The page is not valid OTLP.
    #[error("cannot read the agent's page")]
    Undecodable(#[source] DecodeError),
    /// The page has columns that cannot be read.
    #[error("cannot read the columns of the agent's page")]
    BadColumns(#[source] ColumnsError),
    /// This colony's store panicked over the page.
    #[error("the store panicked over the page")]
    Unstorable(#[source] Reason),
    /// The colony's store cannot read or write now, whatever the page contains.
    #[error("cannot store the page")]
    CannotStore(#[source] EngineError),
    /// The colony has not reached its storage engine for some time, and polls no agent meanwhile.
    #[error("this colony cannot reach its storage engine, and leaves its agents to other colonies")]
    CutOff,
    /// Polling was stopped.
    #[error("polling was stopped")]
    Stopped,
}

/// A cause that may contain text of an agent: one short line without control characters, as made by
/// [`fn@line`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Reason(String);

/// The state of an agent after its last poll.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PollState {
    /// The first poll has not finished.
    #[default]
    NotPolled,
    /// The last poll succeeded.
    Ok,
    /// The agent does not answer.
    Unreachable,
    /// The agent answers with errors.
    Refuses,
    /// The agent's answers have no receipts.
    TooOld,
    /// The agent's answers are not valid pages, or its pages do not advance.
    Nonsense,
    /// The agent answers, but the colony cannot store the pages.
    CannotStore,
    /// Another colony of the cluster polls the agent.
    PolledElsewhere,
}

impl PollError {
    pub(crate) fn unreachable(why: &str) -> Self {
        Self::Unreachable(Reason(line(why)))
    }

    pub(super) fn refused(why: &str) -> Self {
        Self::Refused(Reason(line(why)))
    }

    pub(super) fn too_old(why: &str) -> Self {
        Self::TooOld(Reason(line(why)))
    }

    pub(super) fn nonsense(why: &str) -> Self {
        Self::Nonsense(Reason(line(why)))
    }

    pub(super) fn unstorable(panic: &JoinError) -> Self {
        Self::Unstorable(Reason(line(&panic.to_string())))
    }

    /// The state that this error puts the agent into, if the error is about the agent.
    pub(super) const fn state(&self) -> Option<PollState> {
        Some(match self {
            Self::Unreachable(_) | Self::TimedOut(_) => PollState::Unreachable,
            Self::Refused(_) => PollState::Refuses,
            Self::TooOld(_) => PollState::TooOld,
            Self::Nonsense(_)
            | Self::Standstill(_)
            | Self::Undecodable(_)
            | Self::BadColumns(_) => PollState::Nonsense,
            Self::Unstorable(_) | Self::CannotStore(_) | Self::CutOff => PollState::CannotStore,
            Self::Leased(_) => PollState::PolledElsewhere,
            Self::Stopped => return None,
        })
    }

    /// Whether a smaller page may succeed: the error is about this page, not about the agent or the
    /// colony.
    pub(super) const fn is_of_page(&self) -> bool {
        matches!(self, Self::Undecodable(_) | Self::BadColumns(_) | Self::Unstorable(_))
    }
}

impl PollState {
    /// The name that `coral colony status` prints.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotPolled => "not_polled",
            Self::Ok => "ok",
            Self::Unreachable => "unreachable",
            Self::Refuses => "refuses",
            Self::TooOld => "too_old",
            Self::Nonsense => "nonsense",
            Self::CannotStore => "cannot_store",
            Self::PolledElsewhere => "polled_elsewhere",
        }
    }

    /// Whether the agent answered its last poll, even with an error. An agent that another colony
    /// polls is not known to be unreachable.
    pub const fn is_reachable(self) -> bool {
        !matches!(self, Self::NotPolled | Self::Unreachable)
    }
}
