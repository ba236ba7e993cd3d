//! Says who sends a request, and whether it may.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use coral_trust::ledger::TokenEntry;
use coral_trust::secret::SecretHash;
use coral_trust::token::Token;
use coral_trust::workload::Workload;
use http::{HeaderMap, Method, header};
use sha2::{Digest as _, Sha256};

use super::allowance::Allowances;
use super::failures::Failures;
use super::policy::Kind;
use super::{Caller, Principal, Sessions, Trusted};
use crate::clock;
use crate::door::Permission;
use crate::listen::Peer;

/// Identifies the callers of a port.
#[derive(Default)]
pub struct Guard {
    /// The tokens and revocations of a colony; none on an agent.
    trusted: Option<Arc<Trusted>>,
    /// The sessions of browsers; none on an agent.
    sessions: Option<Arc<Sessions>>,
    /// The hash of the key in a file that only the user of this process can read.
    local_key: Option<SecretHash>,
    /// Whether agents and colonies are believed without a certificate, because the connections
    /// between them are not encrypted.
    is_plaintext: bool,
    failures: Failures,
    /// Requests that showed nothing, apart: nobody guesses with them, so they fill no log and delay
    /// nobody.
    strangers: Failures,
    /// Join tokens that were not accepted, apart: who has one need not wait for others.
    failed_joins: Failures,
    allowances: Allowances,
}

/// Why a request is not answered.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denied {
    /// The caller shows nothing, and has to.
    #[error("this needs a token")]
    NoToken,
    /// The caller shows nothing, where only a certificate helps.
    #[error("this needs the certificate of {0}")]
    NoCertificate(&'static str),
    /// The token is not valid.
    #[error("the token is not known, has expired, or was revoked")]
    WrongToken,
    /// The certificate was revoked or has expired.
    #[error("the certificate was revoked, or has expired")]
    WrongCertificate,
    /// A page of another site sent the request with the session of a browser.
    #[error("a page of another site sent this request")]
    ForeignOrigin,
    /// A page of another site, or of another port of this host, asks.
    #[error("a page of another site sent this request")]
    ForeignSite,
    /// Too many wrong tokens came from the caller's network.
    #[error("too many requests with a wrong token came from this address")]
    Pause(Duration),
    /// The caller asks too often, or reads too much.
    #[error("too many requests, or too many bytes, in a short time")]
    TooMuch(Duration),
    /// The caller may not.
    #[error("{kind} may not do this: it needs the permission `{permission}`")]
    Forbidden {
        /// The kind of caller.
        kind: &'static str,
        /// What the caller lacks.
        permission: Permission,
    },
}

impl Guard {
    /// A guard that believes certificates. Without the settings below nobody else is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also believes the tokens of `trusted`, and not the certificates that it says are revoked.
    #[must_use]
    pub fn with_tokens(self, trusted: Arc<Trusted>) -> Self {
        Self { trusted: Some(trusted), ..self }
    }

    /// Also believes the browsers that have one of `sessions`.
    #[must_use]
    pub fn with_sessions(self, sessions: Arc<Sessions>) -> Self {
        Self { sessions: Some(sessions), ..self }
    }

    /// Also believes whoever shows `key`.
    #[must_use]
    pub fn with_local_key(self, key: &str) -> Self {
        Self { local_key: Some(SecretHash(Sha256::digest(key).into())), ..self }
    }

    /// Also lets anybody be an agent or a colony.
    #[must_use]
    pub fn plaintext(self) -> Self {
        Self { is_plaintext: true, ..self }
    }

    /// Who sends a request with `method` and `headers` from `peer`. A session that has ended is
    /// like none.
    ///
    /// # Errors
    /// [`Denied`] when the caller shows something that is not valid.
    pub fn identify(
        &self,
        peer: &Peer,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Caller, Denied> {
        let mut shown = headers.get_all(header::AUTHORIZATION).iter();
        let (first, second) = (shown.next(), shown.next());
        match (first, second, &peer.certificate) {
            (Some(value), None, _) => {
                let address = peer.address.ip();
                let known = value.to_str().ok().and_then(|value| self.bearer(value, address));
                known.ok_or_else(|| self.wrong_token(address))
            }
            (Some(_), Some(_), _) => Err(self.wrong_token(peer.address.ip())),
            (None, _, Some(holder)) => {
                let now = clock::now();
                let is_valid = match &self.trusted {
                    Some(trusted) => trusted.is_valid(holder, now),
                    None => now < holder.expires,
                };
                if !is_valid {
                    let address = peer.address.ip();
                    return Err(self.failed(address).unwrap_or(Denied::WrongCertificate));
                }
                let principal = match &holder.workload {
                    Workload::Agent(name) => Principal::Agent(name.clone()),
                    Workload::Colony => Principal::Colony,
                };
                Ok(Caller::new(principal, format!("certificate {}", holder.serial)))
            }
            (None, _, None) => match self.session(headers, peer.address.ip()) {
                Some((sessions, _)) if !sessions.is_own(method, headers) => {
                    Err(Denied::ForeignOrigin)
                }
                Some((_, caller)) => Ok(caller),
                None => Ok(Caller::nobody()),
            },
        }
    }

    /// Who has the session of a request with `headers` from `address`. The session of a token ends
    /// with the token.
    fn session(&self, headers: &HeaderMap, address: IpAddr) -> Option<(&Sessions, Caller)> {
        let (sessions, now) = (self.sessions.as_deref()?, clock::now());
        let valid = |hash: &SecretHash| self.trusted.as_ref()?.token(hash, address, now);
        Some((sessions, sessions.caller(headers, now, valid)?))
    }

    /// The person who signs in with `token` from `address`, which takes one request of the person's
    /// allowance.
    ///
    /// # Errors
    /// [`Denied`] when nobody has that token, which counts as a request with a wrong token.
    pub fn person(&self, token: &str, address: IpAddr) -> Result<Arc<TokenEntry>, Denied> {
        let entry = token.parse().ok().and_then(|token: Token| self.entry(&token, address));
        let entry = entry.ok_or_else(|| self.wrong_token(address))?;
        self.take_request(&Caller::new(Principal::Person(entry.clone()), ""))?;
        Ok(entry)
    }

    fn entry(&self, token: &Token, address: IpAddr) -> Option<Arc<TokenEntry>> {
        self.trusted.as_ref()?.token(&token.hash(), address, clock::now())
    }

    /// Checks that `caller`, who is at `address`, has `permission`, and takes one request of its allowance.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn admit(
        &self,
        caller: &Caller,
        address: IpAddr,
        permission: Permission,
    ) -> Result<(), Denied> {
        let kind = Kind::of(caller);
        let is_believed = self.is_plaintext
            && kind == Kind::Anybody
            && (Kind::Agent.may(permission) || Kind::Colony.may(permission));
        if !kind.may(permission) && !is_believed {
            let readers = Kind::Limited.may(permission) || Kind::Admin.may(permission);
            return Err(match (kind, readers) {
                (Kind::Anybody, true) => Denied::NoToken,
                (Kind::Anybody, false) if Kind::Agent.may(permission) => {
                    Denied::NoCertificate("an agent that joined this colony")
                }
                (Kind::Anybody, false) => Denied::NoCertificate("this agent's colony"),
                _ => match self.take_request(caller) {
                    Ok(()) => Denied::Forbidden { kind: kind.as_str(), permission },
                    Err(denied) => denied,
                },
            });
        }
        if permission == Permission::AgentJoin {
            match self.failed_joins.pause(address) {
                Duration::ZERO => {}
                pause => return Err(Denied::Pause(pause)),
            }
        }
        self.take_request(caller)
    }

    /// Whether the audit log records that a caller at `address` was `denied`. Neither a caller that
    /// has to wait fills the log, nor one that asks again and again without showing anything, nor a
    /// page of another site.
    pub fn is_recorded(&self, denied: &Denied, address: IpAddr) -> bool {
        match denied {
            Denied::Pause(_) | Denied::TooMuch(_) => false,
            Denied::NoToken | Denied::NoCertificate(_) | Denied::ForeignSite => {
                let is_rare = self.strangers.pause(address).is_zero();
                if is_rare {
                    self.strangers.note(address);
                }
                is_rare
            }
            _ => true,
        }
    }

    /// Notes a join token that was not accepted.
    pub fn join_failed(&self, address: IpAddr) {
        self.failed_joins.note(address);
    }

    fn take_request(&self, caller: &Caller) -> Result<(), Denied> {
        match allowance_of(caller) {
            Some(name) => self.allowances.request(&name).map_err(Denied::TooMuch),
            None => Ok(()),
        }
    }

    /// Takes the bytes of an answer of the caller's allowance.
    pub fn answered(&self, caller: &Caller, bytes: u64) {
        if let Some(name) = allowance_of(caller) {
            self.allowances.answered(&name, bytes);
        }
    }

    /// Who shows this value of the header `Authorization`.
    fn bearer(&self, value: &str, address: IpAddr) -> Option<Caller> {
        let (scheme, token) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let token = token.trim();
        let digest = SecretHash(Sha256::digest(token).into());
        if self.local_key.is_some_and(|key| key.is_same(&digest)) {
            return Some(Caller::new(Principal::Local, "key of this host"));
        }
        let token = token.parse::<Token>().ok()?;
        let entry = self.entry(&token, address)?;
        let proof = format!("token {}", token.hash().id());
        Some(Caller::new(Principal::Person(entry), proof))
    }

    /// The answer to a wrong token.
    fn wrong_token(&self, address: IpAddr) -> Denied {
        self.failed(address).unwrap_or_else(|| {
            tracing::warn!(%address, "a request had a wrong token");
            Denied::WrongToken
        })
    }

    /// Notes a failed login. The pause instead, if the caller has to wait.
    fn failed(&self, address: IpAddr) -> Option<Denied> {
        match self.failures.pause(address) {
            Duration::ZERO => {
                self.failures.note(address);
                None
            }
            pause => Some(Denied::Pause(pause)),
        }
    }
}

/// By what name the requests of `caller` are counted; `None` if they are not. An agent has few
/// requests for its colony, unless it is malicious. A colony reads as fast as it can, and questions of
/// anybody are limited by [`crate::admission`].
fn allowance_of(caller: &Caller) -> Option<String> {
    match &caller.principal {
        Principal::Person(token) => Some(token.hash.id()),
        Principal::Agent(name) => Some(format!("agent {name}")),
        _ => None,
    }
}
