//! Who may export.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use coral_server::clock;
use coral_server::listen::Peer;
use coral_server::listen::tls::Tls;
use coral_trust::secret::SecretHash;
use sha2::{Digest as _, Sha256};

use super::rejection::Rejection;

/// What an exporter has to show. The default is nothing.
#[derive(Clone, Default)]
pub struct Access {
    /// TLS of the ports; `None` without TLS.
    pub tls: Option<Tls>,
    /// The hash of the bearer token that each request must have.
    pub token: Option<SecretHash>,
    /// Whether an exporter must show a certificate that a CA of the agent signed.
    pub needs_certificate: bool,
}

impl Access {
    /// Checks a request with `headers` from `peer`.
    pub(super) fn check(&self, peer: &Peer, headers: &HeaderMap) -> Result<(), Rejection> {
        let is_expired =
            peer.certificate.as_ref().is_some_and(|holder| holder.expires <= clock::now());
        if self.needs_certificate && (!peer.is_certified || is_expired) {
            return Err(Rejection::Unauthenticated("a client certificate"));
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
}
