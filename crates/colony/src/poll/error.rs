//! Errors of polling, and the state of an agent that follows from them.

use std::time::Duration;

use coral_trace::sanitize::line;

/// Why a poll failed. The stream's checkpoint is unchanged. Texts from an agent are shortened and
/// free of control characters ([`fn@line`]).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PollError {
    /// The connection failed or broke.
    #[error("cannot reach agent: {0}")]
    Unreachable(String),
    /// The agent did not answer in time.
    #[error("agent did not answer within {0:?}")]
    TimedOut(Duration),
    /// The agent answered with an error.
    #[error("agent refused: {0}")]
    Refused(String),
    /// The agent lacks receipts or this RPC: it is older than this colony.
    #[error("agent is too old: {0}")]
    TooOld(String),
    /// The answer is not valid.
    #[error("agent answers nonsense: {0}")]
    Nonsense(String),
    /// The pages do not advance, or come from changing stores. Two agents may share one address.
    #[error("agent's pages do not move on from receipt {0}")]
    Standstill(u64),
    /// The page's spans could not be read.
    #[error("cannot read the agent's page: {0}")]
    Undecodable(String),
    /// The colony's store panicked while storing the page.
    #[error("the store panicked over the page: {0}")]
    Unstorable(String),
    /// The colony's store could not write the page, for a reason that does not depend on the page.
    #[error("cannot store the page: {0}")]
    CannotStore(String),
    /// The poll was cancelled.
    #[error("polling was stopped")]
    Stopped,
}

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
}

impl PollError {
    pub(super) fn unreachable(why: &str) -> Self {
        Self::Unreachable(line(why))
    }

    pub(super) fn refused(why: &str) -> Self {
        Self::Refused(line(why))
    }

    pub(super) fn too_old(why: &str) -> Self {
        Self::TooOld(line(why))
    }

    pub(super) fn nonsense(why: &str) -> Self {
        Self::Nonsense(line(why))
    }

    /// The state that this error puts the agent into, if the error is about the agent.
    pub(super) const fn state(&self) -> Option<PollState> {
        Some(match self {
            Self::Unreachable(_) | Self::TimedOut(_) => PollState::Unreachable,
            Self::Refused(_) => PollState::Refuses,
            Self::TooOld(_) => PollState::TooOld,
            Self::Nonsense(_) | Self::Standstill(_) | Self::Undecodable(_) => PollState::Nonsense,
            Self::Unstorable(_) | Self::CannotStore(_) => PollState::CannotStore,
            Self::Stopped => return None,
        })
    }

    /// Whether a smaller page may succeed: the error is about this page, not about the agent or the
    /// colony.
    pub(super) const fn is_of_page(&self) -> bool {
        matches!(self, Self::Undecodable(_) | Self::Unstorable(_))
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
        }
    }

    /// Whether the agent answered.
    pub const fn is_reachable(self) -> bool {
        !matches!(self, Self::NotPolled | Self::Unreachable)
    }
}
