//! Errors of polling, and the state of an agent that follows from them.

use std::time::Duration;

use coral_engine::EngineError;
use coral_trace::sanitize::line;
use coral_wire::otlp_in::DecodeError;
use tokio::task::JoinError;

/// Why an agent's spans could not be polled. The place in its stream is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// No connection, or it broke.
    #[error("cannot reach agent")]
    Unreachable(#[source] Reason),
    /// Nothing came in time.
    #[error("agent did not answer within {0:?}")]
    TimedOut(Duration),
    /// The agent answered with an error.
    #[error("agent refused")]
    Refused(#[source] Reason),
    /// The agent knows no receipts, or not even the question: it is older than this colony.
    #[error("agent is too old")]
    TooOld(#[source] Reason),
    /// The answer is none that an agent gives.
    #[error("agent answers nonsense")]
    Nonsense(#[source] Reason),
    /// Its pages do not move on, or change their store again and again: two agents behind one address?
    #[error("agent's pages do not move on from receipt {0}")]
    Standstill(u64),
    /// The page's spans could not be read.
    #[error("cannot read the agent's page")]
    Undecodable(#[source] DecodeError),
    /// This colony's store panicked over the page.
    #[error("the store panicked over the page")]
    Unstorable(#[source] Reason),
    /// This colony's store could not write it, whatever it holds.
    #[error("cannot store the page")]
    CannotStore(#[source] EngineError),
    /// Nobody wants it any more.
    #[error("polling was stopped")]
    Stopped,
}

/// A cause that an agent had a part in: one short line, free of control characters, as [`fn@line`] makes it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Reason(String);

/// How an agent is, going by the last poll.
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
