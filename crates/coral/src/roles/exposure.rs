//! What a process may show to other hosts: refuses addresses off loopback without encryption, or
//! without asking callers who they are.

use coral_agent::trust::AgentTrust;
use coral_colony::trust::ColonyTrust;
use coral_config::{AgentConfig, ColonyConfig};
use coral_server::certificate::{refuse_plaintext, refuse_plaintext_url};
use coral_server::door::own_names::own_names;

use super::RoleError;

/// The trust of an agent.
///
/// # Errors
/// [`RoleError`] when the agent would be open to other hosts.
pub async fn agent(config: &AgentConfig) -> Result<AgentTrust, RoleError> {
    let config = config.clone();
    let open = tokio::task::spawn_blocking(move || AgentTrust::open(&config));
    Ok(open.await.expect("opening a certificate does not panic")?)
}

/// The trust of the agent of a standalone, whose colony is in the same process.
///
/// # Errors
/// The errors of [`agent`].
pub async fn agent_of_standalone(config: &AgentConfig) -> Result<AgentTrust, RoleError> {
    let mut own = config.clone();
    // The colony of the same process is known by its certificate, and not by one of the agent.
    if own.transport.files.is_some() {
        own.transport.files = None;
    }
    agent(&own).await
}

/// The trust of a colony.
///
/// # Errors
/// [`RoleError`] when the colony would be open to other hosts.
pub async fn colony(config: &ColonyConfig) -> Result<ColonyTrust, RoleError> {
    if config.ui_dir.is_some() && !cfg!(debug_assertions) {
        return Err(RoleError::PageDirectory);
    }
    let listen = config.listen;
    if !listen.ip().is_loopback() && config.auth != Some(true) {
        return Err(RoleError::NoAuth(listen));
    }
    for agent in &config.agents {
        refuse_plaintext_url("colony.agents", &agent.address, config.transport.is_plaintext)?;
    }
    for url in config.clickhouse.iter().flat_map(|servers| servers.shards.iter().flatten()) {
        refuse_plaintext_url("storage.clickhouse.shards", url, config.transport.is_plaintext)?;
    }
    let (own, names) = (config.clone(), names(config));
    let open = tokio::task::spawn_blocking(move || ColonyTrust::open(&own, names));
    let trust = open.await.expect("opening a certificate does not panic")?;
    refuse_plaintext("colony.listen", listen, trust.certificate.is_some() || trust.is_plaintext)?;
    if config.oidc.is_some() {
        if config.auth != Some(true) {
            return Err(RoleError::SignInWithoutAuth);
        }
        if trust.certificate.is_none() && !listen.ip().is_loopback() {
            return Err(RoleError::SignInPlaintext(listen));
        }
    }
    Ok(trust)
}

/// The names by which people reach a colony.
fn names(config: &ColonyConfig) -> Vec<String> {
    let ip = config.listen.ip();
    let local = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let listening = (!ip.is_unspecified()).then(|| ip.to_string());
    let mut names: Vec<String> = own_names()
        .into_iter()
        .chain(config.allowed_hosts.clone())
        .chain(local)
        .chain(listening)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
