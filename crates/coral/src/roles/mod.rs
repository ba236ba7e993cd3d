//! Starts and stops the roles of a process, and writes the file of their addresses.

mod agent_series;
mod answers;
mod audit;
pub mod engine;
pub mod export;
mod export_series;
mod exposure;
mod sign_in;
mod span_series;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::Path;

use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::engine::{ColonyEngine, EngineOpenError};
use self::sign_in::BrowserSignIn;
use coral_agent::AgentError;
use coral_agent::trust::AgentTrust;
use coral_colony::export::Exports;
use coral_colony::trust::ColonyTrust;
use coral_colony::{Colony, ColonyError};
use coral_config::{AgentConfig, ColonyConfig, StandaloneConfig};
use coral_oidc::ProviderError;
use coral_server::addresses::{Addresses, on_this_host};
use coral_server::audit::AuditError;
use coral_server::certificate::PlaintextError;
use coral_server::listen::{self, BindError};
use coral_server::local_key::LocalKey;
use coral_sql::runner::SqlRunner;

/// Why a server did not start, or ended without being stopped.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// A socket could not be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The agent failed.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The colony's engine cannot be opened.
    #[error(transparent)]
    ColonyEngine(#[from] EngineOpenError),
    /// The colony failed.
    #[error(transparent)]
    Colony(#[from] ColonyError),
    /// The agent would not be trusted, or trust too much.
    #[error(transparent)]
    AgentTrust(#[from] coral_agent::trust::TrustError),
    /// The colony's certificate or tokens cannot be used.
    #[error(transparent)]
    ColonyTrust(#[from] coral_colony::trust::TrustError),
    /// The colony would send something without encryption.
    #[error(transparent)]
    Plaintext(#[from] PlaintextError),
    /// The colony would answer everybody.
    #[error(
        "`colony.listen` is {0}, which is not on this host, and everybody who reaches it could read and change \
         everything"
    )]
    NoAuth(SocketAddr),
    /// Nobody is asked who they are, so that nobody can sign in.
    #[error("`oidc.issuer` is set, and `colony.auth` is not on: nobody would be asked to sign in")]
    SignInWithoutAuth,
    /// Sessions would cross the network without encryption.
    #[error(
        "`oidc.issuer` is set, and `colony.listen` is {0} without TLS: everybody on the way could read sessions"
    )]
    SignInPlaintext(SocketAddr),
    /// The provider's settings cannot be used.
    #[error("nobody could sign in")]
    SignIn(#[from] ProviderError),
    /// The page would be that of a directory, in a program for users.
    #[error(
        "`colony.ui.dir` is set, and only a program that was built for debugging reads the page from a directory"
    )]
    PageDirectory,
    /// Spans cannot be exported.
    #[error(transparent)]
    Export(#[from] export::ExportError),
    /// The audit log cannot be used.
    #[error("cannot use the audit log")]
    Audit(#[from] AuditError),
    /// The addresses file could not be written.
    #[error("cannot write `{0}/run/addresses.json`")]
    Addresses(String, #[source] std::io::Error),
}

/// Runs an agent until `stop` is cancelled. Calls `greet` with its addresses when it listens.
///
/// # Errors
/// [`RoleError`].
pub async fn agent(
    config: AgentConfig,
    greet: impl FnOnce(&Addresses),
    stop: CancellationToken,
) -> Result<(), RoleError> {
    let trust = exposure::agent(&config).await?;
    let listeners = coral_agent::Listeners::bind(&config).await?;
    let store = coral_agent::open_store(&config).await?;
    let addresses = agent_addresses("agent", &listeners, &trust);
    let _published = publish(&addresses, &config.data_dir)?;
    announce(&addresses);
    greet(&addresses);
    Ok(coral_agent::run(&config, store, listeners, trust, stop).await?)
}

/// Runs a colony until `stop` is cancelled.
///
/// # Errors
/// [`RoleError`].
pub async fn colony(config: ColonyConfig, stop: CancellationToken) -> Result<(), RoleError> {
    let trust = exposure::colony(&config).await?;
    let listener = listen::bind(config.listen, "colony.listen").await?;
    let exports = export::open(&config, &[listen::local_address(&listener)]).await?;
    let engine = open_engine(&config).await?;
    let key = local_key(&config)?;
    let colony = Some(listen::local_address(&listener));
    let addresses = Addresses {
        role: "colony".into(),
        pid: std::process::id(),
        colony,
        colony_tls: trust.certificate.is_some(),
        ..Addresses::default()
    };
    let _published = publish(&addresses, &config.data_dir)?;
    announce(&addresses);
    let parts = ColonyParts { engine, trust, exports, listener };
    run_colony(&config, parts, key.as_ref(), stop).await
}

/// An agent and a colony in one process, which communicate over sockets.
pub struct Standalone {
    config: StandaloneConfig,
    agent: coral_agent::Listeners,
    colony: TcpListener,
    agent_trust: AgentTrust,
    colony_trust: ColonyTrust,
    exports: Exports,
    /// Whether the agent's colony is that of this process, and not another one.
    is_own_colony: bool,
    addresses: Addresses,
}

impl Standalone {
    /// Binds every socket. Connections are served by [`run`](Self::run).
    ///
    /// # Errors
    /// [`RoleError`] names the key whose address cannot be bound, or should not be.
    pub async fn bind(mut config: StandaloneConfig) -> Result<Self, RoleError> {
        let colony_trust = exposure::colony(&config.colony).await?;
        let mut agent_trust = exposure::agent_of_standalone(&config.agent).await?;
        let agent = coral_agent::Listeners::bind(&config.agent).await?;
        let colony = listen::bind(config.colony.listen, "colony.listen").await?;
        let mut addresses = agent_addresses("standalone", &agent, &agent_trust);
        let colony_address = listen::local_address(&colony);
        addresses.colony = Some(colony_address);
        addresses.colony_tls = colony_trust.certificate.is_some();
        let is_own_colony = config.agent.colony.is_none();
        if let (true, Some(certificate)) = (is_own_colony, &colony_trust.certificate) {
            agent_trust.knows_colony(certificate);
        }
        // The agent registers at the colony over the network, as a remote agent does.
        config.agent.colony.get_or_insert_with(|| colony_url(&addresses).unwrap_or_default());
        let exports = export::open(&config.colony, &own_listeners(&addresses)).await?;
        Ok(Self {
            config,
            agent,
            colony,
            agent_trust,
            colony_trust,
            exports,
            is_own_colony,
            addresses,
        })
    }

    /// The addresses on which the standalone listens.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Runs agent and colony until `stop` is cancelled or one of the two ends. Calls `greet` with
    /// their addresses when they listen. The agent stops first, and its Beyla before everything
    /// else; the colony polls and answers until the agent has ended.
    ///
    /// # Errors
    /// [`RoleError`] of the agent, or else of the colony.
    pub async fn run(
        self,
        greet: impl FnOnce(&Addresses),
        stop: CancellationToken,
    ) -> Result<(), RoleError> {
        let agent_store = coral_agent::open_store(&self.config.agent).await?;
        let engine = open_engine(&self.config.colony).await?;
        let key = local_key(&self.config.colony)?;
        let mut agent_trust = self.agent_trust;
        // No other colony is shown this one's key.
        let shown = key.as_ref().filter(|_| self.is_own_colony);
        agent_trust.colony_key = shown.map(|key| key.as_str().to_owned());
        let _published = publish(&self.addresses, &self.config.agent.data_dir)?;
        announce(&self.addresses);
        greet(&self.addresses);
        let (stop_agent, stop_colony) = (stop.child_token(), CancellationToken::new());
        let agent = async {
            let (config, stop) = (&self.config.agent, stop_agent.clone());
            let outcome =
                coral_agent::run(config, agent_store, self.agent, agent_trust, stop).await;
            stop_colony.cancel();
            outcome
        };
        let colony = async {
            let (config, stop) = (&self.config.colony, stop_colony.clone());
            let parts = ColonyParts {
                engine,
                trust: self.colony_trust,
                exports: self.exports,
                listener: self.colony,
            };
            let outcome = run_colony(config, parts, key.as_ref(), stop).await;
            stop_agent.cancel();
            outcome
        };
        let (agent, colony) = tokio::join!(agent, colony);
        agent?;
        colony
    }
}

/// What a colony runs with, besides its settings.
struct ColonyParts {
    engine: ColonyEngine,
    trust: ColonyTrust,
    exports: Exports,
    listener: TcpListener,
}

async fn run_colony(
    config: &ColonyConfig,
    parts: ColonyParts,
    key: Option<&LocalKey>,
    stop: CancellationToken,
) -> Result<(), RoleError> {
    let ColonyParts { engine: ColonyEngine { engine, sql }, trust, exports, listener } = parts;
    let colony_config = config.clone();
    let guard = match key {
        Some(key) => {
            let address = listen::local_address(&listener);
            let sign_in = BrowserSignIn::open(config, &trust, address).await?;
            Some((sign_in, trust.guard(key.as_str())))
        }
        None => None,
    };
    let open = move || Colony::new(&colony_config, engine, trust);
    let colony = tokio::task::spawn_blocking(open).await.expect("reading agents does not panic")?;
    let colony = colony.exporting(exports);
    let sql = SqlRunner::new(sql, config.data_dir.clone(), &config.sql);
    let audit = audit::open(config, colony.trust.clone()).await?;
    let door = answers::door(&colony, sql.clone(), config, audit.clone())
        .await
        .map_err(ColonyError::from)?
        .audited(audit.clone());
    let door = match guard {
        Some((sign_in, guard)) => sign_in.guarded(door, guard),
        None => door.merge(coral_api::sign_in::routes(None)),
    };
    let ended = CancellationToken::new();
    let running = async {
        let outcome = colony.run(config, listener, door, stop).await;
        ended.cancel();
        outcome
    };
    let (outcome, ()) = tokio::join!(running, audit::sync(audit, ended.clone()));
    // The server has ended, so no client waits for an SQL statement any more.
    if timeout(config.drain_within, sql.join()).await.is_err() {
        tracing::warn!("a process that asks DuckDB has not ended");
    }
    Ok(outcome?)
}

async fn open_engine(config: &ColonyConfig) -> Result<ColonyEngine, RoleError> {
    let config = config.clone();
    let open = move || ColonyEngine::open(&config);
    Ok(tokio::task::spawn_blocking(open).await.expect("opening an engine does not panic")?)
}

/// The key of a colony that asks callers who they are.
fn local_key(config: &ColonyConfig) -> Result<Option<LocalKey>, RoleError> {
    let key = config.auth.unwrap_or_default().then(|| LocalKey::publish(&config.data_dir));
    key.transpose()
        .map_err(|error| RoleError::Addresses(config.data_dir.display().to_string(), error))
}

/// The URL at which this host reaches the colony.
pub fn colony_url(addresses: &Addresses) -> Option<String> {
    let scheme = if addresses.colony_tls { "https" } else { "http" };
    addresses.colony.map(|address| format!("{scheme}://{}", on_this_host(address)))
}

fn agent_addresses(
    role: &str,
    listeners: &coral_agent::Listeners,
    trust: &AgentTrust,
) -> Addresses {
    let at = |listener| Some(listen::local_address(listener));
    Addresses {
        role: role.to_owned(),
        pid: std::process::id(),
        otlp_grpc: at(&listeners.otlp.grpc),
        otlp_http: at(&listeners.otlp.http),
        beyla_grpc: at(&listeners.beyla.grpc),
        beyla_http: at(&listeners.beyla.http),
        agent_rpc: at(&listeners.rpc),
        agent_tls: trust.certificate.is_some(),
        otlp_tls: trust.exporters.tls.is_some(),
        ..Addresses::default()
    }
}

/// The sockets of a standalone.
fn own_listeners(addresses: &Addresses) -> Vec<SocketAddr> {
    let Addresses { otlp_grpc, otlp_http, beyla_grpc, beyla_http, agent_rpc, colony, .. } =
        addresses;
    [otlp_grpc, otlp_http, beyla_grpc, beyla_http, agent_rpc, colony]
        .into_iter()
        .flatten()
        .copied()
        .collect()
}

fn publish(
    addresses: &Addresses,
    data_dir: &Path,
) -> Result<coral_server::addresses::PublishedAddresses, RoleError> {
    let failed = |error| RoleError::Addresses(data_dir.display().to_string(), error);
    addresses.publish(data_dir).map_err(failed)
}

fn announce(addresses: &Addresses) {
    let Addresses { role, otlp_grpc, otlp_http, beyla_grpc, beyla_http, agent_rpc, colony, .. } =
        addresses;
    let text = |address: &Option<SocketAddr>| address.map(|address| address.to_string());
    tracing::info!(
        role,
        otlp_grpc = text(otlp_grpc),
        otlp_http = text(otlp_http),
        beyla_grpc = text(beyla_grpc),
        beyla_http = text(beyla_http),
        agent_rpc = text(agent_rpc),
        colony = text(colony),
        "listening"
    );
}
