//! Queries over the network, and checks of their answers.

pub mod agent;
pub mod colony;

use crate::Failure;
use crate::traffic::question::{ListQuery, Question};
use crate::traffic::truth::Facts;

/// A list of traces, as a process returned it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ListAnswer {
    /// The traces, in the order of the answer.
    pub traces: Vec<Facts>,
    /// Whether more traces match.
    pub more: bool,
}

impl ListAnswer {
    /// Checks that this list is exactly the answer to `question`.
    ///
    /// # Errors
    /// The error says what is wrong.
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
            question.query, self.more, expected.more,
        )
        .into())
    }
}

/// A process that answers questions about traces.
pub enum Ask {
    /// An agent, by its RPC.
    Agent(agent::AgentRpc),
    /// A colony, by its JSON API.
    Colony(colony::ColonyApi),
}

impl Ask {
    /// Whether the process supports this question.
    pub fn supports(&self, query: &ListQuery) -> bool {
        match self {
            // The RPC `QueryBeylaMetrics` finds traces only by id, time and service.
            Self::Agent(_) => matches!(query, ListQuery::Newest { .. }),
            Self::Colony(_) => true,
        }
    }

    /// The facts of the trace `id`; `None` if the trace is not stored.
    ///
    /// # Errors
    /// The process does not reply, or replies with an error or in another form.
    pub async fn trace(&mut self, id: &str) -> Result<Option<Facts>, Failure> {
        match self {
            Self::Agent(agent) => agent.trace(id).await,
            Self::Colony(colony) => colony.trace(id).await,
        }
    }

    /// The traces that answer `query`.
    ///
    /// # Errors
    /// The process does not support `query`, does not reply, or replies with an error or in another
    /// form.
    pub async fn list(&mut self, query: &ListQuery) -> Result<ListAnswer, Failure> {
        match self {
            Self::Agent(agent) => agent.list(query).await,
            Self::Colony(colony) => colony.list(query).await,
        }
    }
}
