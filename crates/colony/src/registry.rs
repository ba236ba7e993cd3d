//! Which agents there are: those of the configuration, and those that registered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use coral_engine::{Engine, EngineError, KnownAgent};
use tokio::sync::watch;

/// All agents by id; pollers follow its changes.
pub struct Registry {
    agents: watch::Sender<BTreeMap<String, Agent>>,
    engine: Arc<dyn Engine>,
    /// Registrations that were refused.
    refused: AtomicU64,
}

/// Where an agent is polled, and how the colony knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Agent {
    /// Such as `http://10.0.0.5:9001`.
    pub address: String,
    /// Who said so.
    pub known_by: KnownBy,
}

/// How a colony knows an agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KnownBy {
    /// It stands in `colony.agents`. A registration does not move it.
    Configuration,
    /// It registered, now or before a restart.
    Registration,
}

impl Registry {
    /// The agents of the configuration, and those that registered before. Blocks.
    ///
    /// # Errors
    /// [`EngineError`] when the agents that registered cannot be read.
    pub fn load(configured: &[KnownAgent], engine: Arc<dyn Engine>) -> Result<Self, EngineError> {
        let entry = |agent: &KnownAgent, known_by| {
            (agent.agent_id.clone(), Agent { address: agent.address.clone(), known_by })
        };
        let registered = engine.agents()?;
        let registered = registered.iter().map(|agent| entry(agent, KnownBy::Registration));
        let configured = configured.iter().map(|agent| entry(agent, KnownBy::Configuration));
        let agents = watch::Sender::new(registered.chain(configured).collect());
        Ok(Self { agents, engine, refused: AtomicU64::default() })
    }

    /// Remembers where `agent` is polled, across restarts too. Blocks when the engine does not know it yet.
    ///
    /// # Errors
    /// [`EngineError`]: nothing changed. An agent registers again at its next heartbeat.
    pub fn register(&self, agent: &KnownAgent) -> Result<(), EngineError> {
        let is_news = match self.agents.borrow().get(&agent.agent_id) {
            Some(Agent { known_by: KnownBy::Configuration, .. }) => false,
            Some(known) => known.address != agent.address,
            None => true,
        };
        if !is_news {
            return Ok(());
        }
        self.engine.register_agent(agent)?;
        tracing::info!(agent_id = %agent.agent_id, address = %agent.address, "an agent registered");
        self.agents.send_modify(|agents| {
            let address = agent.address.clone();
            agents
                .insert(agent.agent_id.clone(), Agent { address, known_by: KnownBy::Registration });
        });
        Ok(())
    }

    /// Forgets an agent that registered: it is polled no more, until it registers again. Blocks.
    ///
    /// # Errors
    /// [`ForgetError`]: nothing changed.
    pub fn forget(&self, agent_id: &str) -> Result<(), ForgetError> {
        match self.agents.borrow().get(agent_id) {
            None => return Err(ForgetError::Unknown(agent_id.to_owned())),
            Some(Agent { known_by: KnownBy::Configuration, .. }) => {
                return Err(ForgetError::Configured(agent_id.to_owned()));
            }
            Some(_) => {}
        }
        self.engine.forget_agent(agent_id)?;
        tracing::info!(agent_id, "an agent is forgotten");
        self.agents.send_modify(|agents| {
            agents.remove(agent_id);
        });
        Ok(())
    }

    /// Counts a registration that was refused.
    pub fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Registrations that were refused since the process started.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// All agents as they are now, and notice of every change.
    pub fn watch(&self) -> watch::Receiver<BTreeMap<String, Agent>> {
        self.agents.subscribe()
    }
}

/// Why an agent is not forgotten.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    /// No agent has this id.
    #[error("no agent has the id `{0}`")]
    Unknown(String),
    /// The agent stands in the configuration.
    #[error("agent `{0}` stands in `colony.agents`: remove it there, and restart the colony")]
    Configured(String),
    /// The agent answers polls: it would register again.
    #[error("agent `{0}` answers polls: stop it first, or it registers again")]
    Answers(String),
    /// The engine could not store it.
    #[error("cannot forget the agent")]
    Engine(#[from] EngineError),
}

impl KnownBy {
    /// `configured` or `registered`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configured",
            Self::Registration => "registered",
        }
    }
}
