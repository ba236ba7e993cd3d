//! Who may export.
//!
//! Pages of browsers are told by their `Origin`, which a browser adds to each `POST`. A page whose name was
//! rebound to this address is of the same origin as the address, so that no other check of the browser
//! stops it. `Host` is not checked, unlike on the ports that answer questions: exporters in containers
//! address the agent by arbitrary names, and they drop data that is answered with 421.

use axum::http::header::{AUTHORIZATION, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};
use coral_server::clock;
use coral_server::door::hosts::AllowedHosts;
use coral_server::listen::Peer;
use coral_server::listen::tls::Tls;
use coral_trust::secret::SecretHash;
use sha2::{Digest as _, Sha256};

use super::rejection::Rejection;

/// Longest origin that an error quotes, in bytes: a scheme and the longest name in DNS.
const MAX_SHOWN_ORIGIN: usize = 261;

/// What an exporter has to show. The default is nothing.
#[derive(Clone, Default)]
pub struct Access {
    /// TLS of the ports; `None` without TLS.
    pub tls: Option<Tls>,
    /// The hash of the bearer token that each request must have.
    pub token: Option<SecretHash>,
    /// Whether an exporter must show a certificate that a CA of the agent signed.
    pub needs_certificate: bool,
    /// The names of the sites whose pages may export, besides addresses and `localhost`.
    pub sites: AllowedHosts,
}

impl Access {
    /// Checks a request with `headers` from `peer`.
    pub(super) fn check(&self, peer: &Peer, headers: &HeaderMap) -> Result<(), Rejection> {
        let is_expired =
            peer.certificate.as_ref().is_some_and(|holder| holder.expires <= clock::now());
        if self.needs_certificate && (!peer.is_certified || is_expired) {
            return Err(Rejection::Unauthenticated("a client certificate"));
        }
        if let Some(origin) = headers.get_all(ORIGIN).iter().find(|origin| !self.is_own(origin)) {
            let origin = origin.as_bytes().escape_ascii().take(MAX_SHOWN_ORIGIN);
            return Err(Rejection::ForeignPage { origin: origin.map(char::from).collect() });
        }
        let Some(expected) = &self.token else { return Ok(()) };
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (value, more) = (values.next(), values.next());
        let token = value.and_then(|value| value.to_str().ok()).and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let shown = token.filter(|_| more.is_none());
        let shown = shown.map(|token| SecretHash(Sha256::digest(token).into()));
        match shown.is_some_and(|shown| shown.is_same(expected)) {
            true => Ok(()),
            false => Err(Rejection::Unauthenticated("the header `authorization: Bearer TOKEN`")),
        }
    }

    /// Whether the site `origin` has a name of this server. `null` has none.
    fn is_own(&self, origin: &HeaderValue) -> bool {
        let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        authority.is_some_and(|(_, authority)| self.sites.allows(authority))
    }
}
