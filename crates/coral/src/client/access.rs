//! What a command shows to a server, and by what it knows the server.

use std::path::Path;
use std::sync::Arc;

use coral_config::is_encrypted_or_local;
use coral_server::addresses::{Addresses, on_this_host};
use coral_server::local_key::LocalKey;
use coral_trust::authority::{Fingerprint, certificates};
use coral_trust::directory::TrustDir;
use coral_trust::material::Holder;
use coral_trust::tls::{self, Anchor};
use coral_trust::workload::Workload;
use rustls::ClientConfig;

use crate::credentials::{Credentials, Login};

/// A token, and the TLS configuration of connections. The default is neither: public certificates
/// are believed.
#[derive(Clone, Default)]
pub(super) struct Access {
    pub token: Option<String>,
    pub tls: Option<Arc<ClientConfig>>,
}

impl Access {
    /// The access to a colony by a login.
    pub fn of_login(login: &Login) -> Self {
        // A damaged pin fits no colony.
        let pin = login.pin.as_deref().map(|pin| pin.parse().unwrap_or(Fingerprint([0; 32])));
        Self { token: Some(login.token.clone()), tls: pin.and_then(pinned) }
    }

    /// The access to a colony with a token, which is known by `pin` or by a public certificate.
    pub fn of_token(token: &str, pin: Option<Fingerprint>) -> Self {
        Self { token: Some(token.to_owned()), tls: pin.and_then(pinned) }
    }

    /// The access of a process of the colony's host, as far as its user may read the colony's files.
    pub fn of_running_colony(data_dir: &Path) -> Self {
        let roots = std::fs::read_to_string(TrustDir::of(data_dir).path("ca-roots.crt"));
        let roots = roots.map(|pem| certificates(&pem)).unwrap_or_default();
        let tls = (!roots.is_empty())
            .then(|| tls::client(None, Anchor::Roots(roots), Workload::Colony).ok().map(Arc::new));
        Self { token: LocalKey::read(data_dir), tls: tls.flatten() }
    }

    /// The access of a process of the agent's host, as far as its user may read the agent's files.
    pub fn of_running_agent(data_dir: &Path) -> Self {
        let dir = TrustDir::of(data_dir);
        let read = |name| {
            let pem = std::fs::read_to_string(dir.path(name)).unwrap_or_default();
            certificates(&pem)
        };
        let (roots, own) = (read("agent-ca.crt"), read("agent.crt"));
        let agent = own.first().and_then(Holder::of);
        let tls = agent.and_then(|agent| {
            tls::client(None, Anchor::Roots(roots), agent.workload).ok().map(Arc::new)
        });
        Self { token: coral_beyla::key(data_dir).ok(), tls }
    }

    /// The same with the token of the variable `CORAL_TOKEN`, if it is set.
    pub fn or_variable(self) -> Self {
        let variable = std::env::var("CORAL_TOKEN").ok().filter(|token| !token.is_empty());
        Self { token: variable.or(self.token), ..self }
    }
}

/// Where the colony is that a command asks, and what the command shows: the colony at `url`, else
/// the one that runs with `data_dir`, else the one of the last login, else the default address.
pub(super) fn colony(url: Option<String>, data_dir: Option<&Path>) -> (String, Access) {
    let running = data_dir.and_then(|dir| {
        let addresses = Addresses::read(dir)?;
        let scheme = if addresses.colony_tls { "https" } else { "http" };
        Some((format!("{scheme}://{}", on_this_host(addresses.colony?)), dir))
    });
    let logins = Credentials::load().unwrap_or_default();
    let (url, access) = match (url.map(normal), running) {
        (Some(url), Some((here, dir))) if url == here => (url, Access::of_running_colony(dir)),
        (Some(url), _) => {
            let access = logins.at(&url).map(Access::of_login).unwrap_or_default();
            (url, access)
        }
        (None, Some((here, dir))) => (here, Access::of_running_colony(dir)),
        (None, None) => match logins.last() {
            Some(login) => (login.url.clone(), Access::of_login(login)),
            None => ("http://127.0.0.1:9000".to_owned(), Access::default()),
        },
    };
    let access = access.or_variable();
    // No token is sent where others can read it.
    let token = access.token.filter(|_| is_encrypted_or_local(&url));
    (url, Access { token, ..access })
}

/// Where the agent is that a command asks, and what the command shows.
pub(super) fn agent(url: Option<String>, data_dir: Option<&Path>) -> (String, Access) {
    let running = data_dir.and_then(|dir| {
        let addresses = Addresses::read(dir)?;
        let scheme = if addresses.agent_tls { "https" } else { "http" };
        Some((format!("{scheme}://{}", on_this_host(addresses.agent_rpc?)), dir))
    });
    match (url.map(normal), running) {
        (Some(url), Some((here, dir))) if url == here => (url, Access::of_running_agent(dir)),
        (Some(url), _) => (url, Access::default()),
        (None, Some((here, dir))) => (here, Access::of_running_agent(dir)),
        (None, None) => ("http://127.0.0.1:9001".to_owned(), Access::default()),
    }
}

/// `url` with a scheme and without a final slash.
pub(super) fn normal(url: impl Into<String>) -> String {
    let url = url.into();
    let url = if url.contains("://") { url } else { format!("http://{url}") };
    url.trim_end_matches('/').to_owned()
}

fn pinned(pin: Fingerprint) -> Option<Arc<ClientConfig>> {
    tls::client(None, Anchor::Pinned(pin), Workload::Colony).ok().map(Arc::new)
}
