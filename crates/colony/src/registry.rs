//! The list of agents: those of the configuration, and those that registered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use coral_engine::{Engine, EngineError, KnownAgent};
use tokio::sync::watch;

/// All known agents, by id. [`Registry::watch`] reports changes to pollers.
pub struct Registry {
    agents: watch::Sender<BTreeMap<String, Agent>>,
    engine: Arc<dyn Engine>,
    /// Number of refused registrations.
    refused: AtomicU64,
}

/// The address of an agent, and how the colony knows the agent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Agent {
    /// URL, such as `http://10.0.0.5:9001`.
    pub address: String,
    /// Whether the address is configured or registered.
    pub known_by: KnownBy,
}

/// How a colony knows an agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KnownBy {
    /// The agent is listed in `colony.agents`. A registration does not change its address.
    Configuration,
    /// The agent registered, now or before a restart of the colony.
    Registration,
}

impl Registry {
    /// Reads the agents that registered before from `engine`, and adds those of the configuration.
    /// Blocks.
    ///
    /// # Errors
    /// [`EngineError`] when the registered agents cannot be read.
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

    /// Stores the address of `agent`, so that the agent is also polled after a restart. Does
    /// nothing for an agent of the configuration. Blocks if the agent is new or has moved.
    ///
    /// # Errors
    /// [`EngineError`]: nothing changed. The agent registers again at its next heartbeat.
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
        tracing::info!(agent_id = %agent.agent_id, address = %agent.address, "agent registered");
        self.agents.send_modify(|agents| {
            let address = agent.address.clone();
            agents
                .insert(agent.agent_id.clone(), Agent { address, known_by: KnownBy::Registration });
        });
        Ok(())
    }

    /// Removes an agent that registered: the colony stops polling the agent until it registers
    /// again. Blocks.
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
        self.shut_out(agent_id)?;
        tracing::info!(agent_id, "agent removed from the registry");
        Ok(())
    }

    /// Removes an agent, also one of the configuration: until it registers again, or until the
    /// colony starts again. Returns whether the agent was known. Blocks.
    ///
    /// # Errors
    /// [`EngineError`]: nothing changed.
    pub fn shut_out(&self, agent_id: &str) -> Result<bool, EngineError> {
        let known_by = self.agents.borrow().get(agent_id).map(|agent| agent.known_by);
        let Some(known_by) = known_by else { return Ok(false) };
        if known_by == KnownBy::Registration {
            self.engine.forget_agent(agent_id)?;
        }
        self.agents.send_modify(|agents| {
            agents.remove(agent_id);
        });
        Ok(true)
    }

    /// Counts a refused registration.
    pub fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Number of registrations refused since the process started.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// All agents, and a notification of each change.
    pub fn watch(&self) -> watch::Receiver<BTreeMap<String, Agent>> {
        self.agents.subscribe()
    }
}

/// Why an agent cannot be forgotten.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    /// No agent has this id.
    #[error("no agent has the id `{0}`")]
    Unknown(String),
    /// The agent is listed in the configuration.
    #[error("agent `{0}` is listed in `colony.agents`: remove it there, and restart the colony")]
    Configured(String),
    /// The agent answers polls, so it would register again.
    #[error("agent `{0}` answers polls: stop it first, or it registers again")]
    Answers(String),
    /// The engine could not store the removal.
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
