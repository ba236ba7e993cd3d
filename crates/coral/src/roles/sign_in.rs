//! The sessions of a colony's browsers, and the sign-in of people with a provider, if a colony has
//! one.

use std::net::SocketAddr;
use std::sync::Arc;

use coral_api::sign_in::SignIn;
use coral_colony::trust::ColonyTrust;
use coral_config::ColonyConfig;
use coral_oidc::{ProviderError, SignIn as ProviderSignIn};
use coral_server::addresses::on_this_host;
use coral_server::door::Door;
use coral_server::door::own_names::own_names;
use coral_server::identity::{Guard, Sessions};
use http::Uri;

/// How browsers sign in at a colony that asks callers who they are.
pub struct BrowserSignIn {
    sessions: Arc<Sessions>,
    /// The sign-in with a provider, and the provider's name.
    provider: Option<(ProviderSignIn, String)>,
}

impl BrowserSignIn {
    /// The sign-in of a colony that listens on `address`. Asks no provider.
    ///
    /// # Errors
    /// [`ProviderError`] when a setting or a file of a setting cannot be used.
    pub async fn open(
        config: &ColonyConfig,
        trust: &ColonyTrust,
        address: SocketAddr,
    ) -> Result<Self, ProviderError> {
        let origin = match &config.url {
            Some(url) => url.clone(),
            None => origin(config, trust.certificate.is_some(), address),
        };
        let sessions = Arc::new(Sessions::new(&origin, config.session));
        let Some(oidc) = config.oidc.clone() else { return Ok(Self { sessions, provider: None }) };
        let (begun, name) = (sessions.clone(), host(&oidc.issuer));
        let open = tokio::task::spawn_blocking(move || ProviderSignIn::new(&oidc, begun));
        let sign_in = open.await.expect("reading files does not panic")?;
        tracing::info!(url = origin, "people sign in with the provider");
        Ok(Self { sessions, provider: Some((sign_in, name)) })
    }

    /// Adds the routes of sign-in to `door`, which `guard` then guards.
    pub fn guarded(self, door: Door, guard: Guard) -> Door {
        let Self { sessions, provider } = self;
        let guard = Arc::new(guard.with_sessions(sessions.clone()));
        let (provider, name) = provider.unzip();
        let of_provider = provider.iter().flat_map(ProviderSignIn::routes);
        let sign_in = SignIn { guard: guard.clone(), sessions, provider: name };
        door.merge(of_provider).merge(coral_api::sign_in::routes(Some(sign_in))).guarded(guard)
    }
}

/// The host of a URL.
fn host(url: &str) -> String {
    let host = url.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
    host.unwrap_or_else(|| url.to_owned())
}

/// The URL of the colony as browsers see it, if no setting says so.
fn origin(config: &ColonyConfig, is_encrypted: bool, address: SocketAddr) -> String {
    let own = || own_names().into_iter().next().filter(|_| address.ip().is_unspecified());
    // Without TLS, a colony is on loopback, and its names are those of a proxy, if any.
    let name = if is_encrypted { config.allowed_hosts.first().cloned().or_else(own) } else { None };
    let host = match name {
        Some(name) => format!("{}:{}", name.to_ascii_lowercase(), address.port()),
        None => on_this_host(address).to_string(),
    };
    let (scheme, port) = if is_encrypted { ("https", ":443") } else { ("http", ":80") };
    // Browsers leave out the port that the scheme has anyway.
    format!("{scheme}://{}", host.strip_suffix(port).unwrap_or(&host))
}

#[cfg(test)]
mod tests {
    use coral_config::Sources;

    use super::*;

    #[test]
    fn the_url_of_the_colony_is_its_first_name_or_its_address() {
        let of = |hosts: &str, is_encrypted, address: &str| {
            let flags = vec![format!("colony.allowed_hosts={hosts}"), "data_dir=/tmp".to_owned()];
            let config = ColonyConfig::load(&Sources { flags, ..Sources::default() }).unwrap();
            origin(&config, is_encrypted, address.parse().unwrap())
        };
        assert_eq!(of("[]", false, "127.0.0.1:9000"), "http://127.0.0.1:9000");
        assert_eq!(of("[]", true, "10.0.0.5:9000"), "https://10.0.0.5:9000");
        assert_eq!(of("[Coral.example.com]", true, "0.0.0.0:443"), "https://coral.example.com");
        let own = own_names().into_iter().next().unwrap_or_else(|| "127.0.0.1".into());
        let expected = format!("https://{}:9000", own.to_ascii_lowercase());
        assert_eq!(of("[]", true, "0.0.0.0:9000"), expected);
    }
}
