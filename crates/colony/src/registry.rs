//! The list of agents: those of the configuration, and those that registered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coral_engine::{Engine, EngineError, KnownAgent};
use tokio::sync::watch;

/// All known agents, by id. [`Registry::watch`] reports changes to pollers.
pub struct Registry {
    agents: watch::Sender<BTreeMap<String, Agent>>,
    engine: Arc<dyn Engine>,
    /// Held while the engine's agents and those in memory may differ.
    changing: Mutex<()>,
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
        Ok(Self { agents, engine, changing: Mutex::default(), refused: AtomicU64::default() })
    }

    /// Reads the registered agents again, which other colonies of a cluster change. Returns the ids
    /// of those that are registered no more. Blocks.
    ///
    /// # Errors
    /// [`EngineError`]: nothing changed.
    pub fn refresh(&self) -> Result<Vec<String>, EngineError> {
        let _changing = self.change();
        let registered = self.engine.agents()?;
        let is_configured = |agent: &Agent| agent.known_by == KnownBy::Configuration;
        let mut gone = Vec::new();
        self.agents.send_if_modified(|agents| {
            let mut now: BTreeMap<String, Agent> = registered
                .into_iter()
                .map(|KnownAgent { agent_id, address }| {
                    (agent_id, Agent { address, known_by: KnownBy::Registration })
                })
                .collect();
            let configured = agents.iter().filter(|(_, agent)| is_configured(agent));
            now.extend(configured.map(|(id, agent)| (id.clone(), agent.clone())));
            gone = agents.keys().filter(|id| !now.contains_key(*id)).cloned().collect();
            let is_news = now != *agents;
            *agents = now;
            is_news
        });
        Ok(gone)
    }

    fn change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
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
        let _changing = self.change();
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
        if known_by.is_none() {
            return Ok(false);
        }
        let _changing = self.change();
        // An agent of the configuration may have registered before it was configured.
        self.engine.forget_agent(agent_id)?;
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

#[cfg(test)]
mod tests {
    use coral_store::{Store, StoreConfig};

    use super::*;

    fn agent(id: &str, address: &str) -> KnownAgent {
        KnownAgent { agent_id: id.to_owned(), address: address.to_owned() }
    }

    #[test]
    fn agents_that_register_move_or_are_forgotten_at_another_colony_are_known_after_a_refresh() {
        let dir = tempfile::tempdir().unwrap();
        let config = StoreConfig { dir: dir.path().join("colony"), segment_rows: 1_000 };
        let engine: Arc<dyn Engine> = Arc::new(Store::open(config).unwrap());
        let registry = Registry::load(&[agent("fixed", "http://f:1")], engine.clone()).unwrap();
        let known = || {
            let agents = registry.watch();
            let agents = agents.borrow();
            let line = |(id, agent): (&String, &Agent)| format!("{id} {}", agent.address);
            agents.iter().map(line).collect::<Vec<String>>()
        };
        registry.register(&agent("web-1", "http://a:1")).unwrap();
        assert_eq!(registry.refresh().unwrap(), [] as [&str; 0]);
        for other in [
            agent("web-1", "http://b:2"),
            agent("web-2", "http://c:3"),
            agent("fixed", "http://else:9"),
        ] {
            engine.register_agent(&other).unwrap();
        }
        assert_eq!(registry.refresh().unwrap(), [] as [&str; 0]);
        assert_eq!(known(), ["fixed http://f:1", "web-1 http://b:2", "web-2 http://c:3"]);
        engine.forget_agent("web-2").unwrap();
        let mut watched = registry.watch();
        assert_eq!(registry.refresh().unwrap(), ["web-2"]);
        assert_eq!(known(), ["fixed http://f:1", "web-1 http://b:2"]);
        assert!(watched.has_changed().unwrap());
        watched.mark_unchanged();
        registry.refresh().unwrap();
        assert!(!watched.has_changed().unwrap(), "nothing changed");
    }

    #[test]
    fn an_agent_that_was_shut_out_does_not_come_back_by_a_refresh() {
        let dir = tempfile::tempdir().unwrap();
        let config = StoreConfig { dir: dir.path().join("colony"), segment_rows: 1_000 };
        let engine: Arc<dyn Engine> = Arc::new(Store::open(config).unwrap());
        // The agent registered before it was configured.
        engine.register_agent(&agent("web-1", "http://a:1")).unwrap();
        let registry = Registry::load(&[agent("web-1", "http://b:2")], engine).unwrap();
        assert!(registry.shut_out("web-1").unwrap());
        registry.refresh().unwrap();
        assert!(registry.watch().borrow().is_empty());
    }
}
