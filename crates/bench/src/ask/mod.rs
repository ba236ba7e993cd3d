//! Questions over the wire, to whoever answers them, and whether the answers are right.

pub mod agent;
pub mod colony;

use crate::Failure;
use crate::traffic::question::{Asked, Question};
use crate::traffic::truth::Facts;

/// A list of traces, as somebody answered.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// In the answer's order.
    pub traces: Vec<Facts>,
    /// More traces match.
    pub more: bool,
}

impl Found {
    /// Whether this is exactly the answer to `question`.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn check(&self, question: &Question) -> Result<(), Failure> {
        let expected = Self {
            traces: question.answer.clone(),
            more: question.matching > question.answer.len() as u64,
        };
        if *self == expected {
            return Ok(());
        }
        let missing = expected.traces.iter().find(|trace| !self.traces.contains(trace));
        let surplus = self.traces.iter().find(|trace| !expected.traces.contains(trace));
        let (count, of) = (self.traces.len(), expected.traces.len());
        Err(format!(
            "a wrong answer to {:?}: {count} traces of {of}, more {} of {}; missing {missing:?}, surplus {surplus:?}",
            question.asked, self.more, expected.more,
        )
        .into())
    }
}

/// Somebody who answers questions about traces.
pub enum Ask {
    /// An agent's RPC.
    Agent(agent::AgentRpc),
    /// A colony's JSON.
    Colony(colony::ColonyApi),
}

impl Ask {
    /// Whether it can be asked this at all.
    pub fn takes(&self, asked: &Asked) -> bool {
        match self {
            // RFD 036's request has times and services only.
            Self::Agent(_) => matches!(asked, Asked::Newest { .. }),
            Self::Colony(_) => true,
        }
    }

    /// The trace of that id, if there is one.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn trace(&mut self, id: &str) -> Result<Option<Facts>, Failure> {
        match self {
            Self::Agent(agent) => agent.trace(id).await,
            Self::Colony(colony) => colony.trace(id).await,
        }
    }

    /// The traces that answer `asked`.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn list(&mut self, asked: &Asked) -> Result<Found, Failure> {
        match self {
            Self::Agent(agent) => agent.list(asked).await,
            Self::Colony(colony) => colony.list(asked).await,
        }
    }
}
