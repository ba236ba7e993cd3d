//! Sessions of browsers: who has signed in with a provider or with a token, until when.
//!
//! A session is 256 random bits in a cookie. The colony keeps the hash of each, in memory only: a
//! restart ends every session. The session of a token is good as long as the token is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use coral_trace::UnixNanos;
use coral_trust::ledger::{TokenEntry, seconds};
use coral_trust::role::Role;
use coral_trust::secret::{Secret, SecretHash};
use http::{HeaderMap, HeaderValue, Method, header};
use sha2::{Digest as _, Sha256};

use super::{Caller, Principal};

/// The most sessions at a time. When there are more, the one that ends first is ended.
const MAX_SESSIONS: usize = 10_000;

/// The most sessions of one person or token. When there are more, the one that ends first is ended.
const MAX_SESSIONS_OF_ONE: usize = 32;

/// The header that a page of the colony adds to a request that changes something. A page of another
/// site may not add one: its browser asks first, and the colony allows nothing.
pub const CSRF_HEADER: &str = "x-coral-csrf";
/// Its value.
const CSRF_VALUE: &str = "1";

/// The header in which a browser says how the page that sends a request relates to the colony.
///
/// Source: Fetch Metadata Request Headers.
const SITE_HEADER: &str = "sec-fetch-site";

/// Prefix with which a browser accepts a cookie from this host alone, over TLS, for every path.
///
/// Source: RFC 6265bis, 4.1.3.2.
const HOST_PREFIX: &str = "__Host-";

/// The sessions of a colony.
pub struct Sessions {
    /// Scheme, host and port of the colony as browsers see it.
    origin: String,
    /// How long a session lasts.
    lifetime: Duration,
    known: Mutex<HashMap<SecretHash, Session>>,
}

/// A person as a provider describes it, with what the person may do here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedIn {
    /// The provider's id of the person, which never changes.
    pub subject: String,
    /// The name that is shown.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// Globs of the services that the person may see; empty for every service.
    pub services: Vec<String>,
    /// Whether an analyst may ask in SQL.
    pub sql: bool,
}

struct Session {
    /// Whose it is: the hash of the provider's id of the person, or of the token.
    owner: SecretHash,
    proof: Proof,
    ends: UnixNanos,
}

/// How the person of a session proved who it is.
enum Proof {
    /// A provider said so: the person, and the provider's id of the person.
    Provider(Arc<TokenEntry>, String),
    /// The person showed a token, which may be revoked.
    Token,
}

impl Sessions {
    /// No sessions. Browsers reach the colony at `origin`, such as `https://coral.example.com`, and
    /// each session ends after `lifetime`.
    pub fn new(origin: &str, lifetime: Duration) -> Self {
        Self { origin: origin.to_owned(), lifetime, known: Mutex::default() }
    }

    /// The URL of the colony as browsers see it, without a path.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Begins the session of a person whom a provider knows. Returns the secret for its cookie.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn begin(&self, who: SignedIn, now: UnixNanos) -> Result<Secret, std::io::Error> {
        let ends = now.later(self.lifetime);
        let SignedIn { subject, name, role, services, sql } = who;
        let owner = SecretHash(Sha256::digest(format!("oidc {subject}")).into());
        let entry = Arc::new(TokenEntry {
            // Every session of one person takes from one allowance.
            hash: owner,
            user: name,
            role,
            services,
            sql,
            created: seconds(now),
            expires: Some(seconds(ends)),
            revoked: None,
        });
        self.add(Session { owner, proof: Proof::Provider(entry, subject), ends }, now)
    }

    /// Begins a session of whoever has the token with this hash. Returns the secret for its cookie.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn begin_with_token(
        &self,
        token: SecretHash,
        now: UnixNanos,
    ) -> Result<Secret, std::io::Error> {
        let ends = now.later(self.lifetime);
        self.add(Session { owner: token, proof: Proof::Token, ends }, now)
    }

    /// A session always has a new secret, and never one that a browser shows.
    fn add(&self, session: Session, now: UnixNanos) -> Result<Secret, std::io::Error> {
        let secret = Secret::random()?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, session| now < session.ends);
        let own = known.values().filter(|other| other.owner == session.owner).count();
        if own >= MAX_SESSIONS_OF_ONE {
            end_first(&mut known, |other| other.owner == session.owner);
        } else if known.len() >= MAX_SESSIONS {
            end_first(&mut known, |_| true);
        }
        known.insert(secret.hash(), session);
        Ok(secret)
    }

    /// Ends the session of a request with `headers`. Returns whether the request has one.
    pub fn end(&self, headers: &HeaderMap) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.shown(headers).is_some_and(|hash| known.remove(&hash).is_some())
    }

    /// Who has the session of a request with `headers`; `None` if the request has no session, or one
    /// that has ended. `valid` is the entry of a token, if it is still valid.
    pub(super) fn caller(
        &self,
        headers: &HeaderMap,
        now: UnixNanos,
        valid: impl FnOnce(&SecretHash) -> Option<Arc<TokenEntry>>,
    ) -> Option<Caller> {
        let hash = self.shown(headers)?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let session = known.get(&hash).filter(|session| now < session.ends)?;
        let (owner, ends) = (session.owner, session.ends);
        let (entry, proof) = match &session.proof {
            Proof::Provider(entry, subject) => (entry.clone(), format!("oidc {subject}")),
            Proof::Token => {
                // The ledger of tokens may be read from disk.
                drop(known);
                let Some(entry) = valid(&owner) else {
                    self.end(headers);
                    return None;
                };
                let ends = Some(entry.expires.unwrap_or(u64::MAX).min(seconds(ends)));
                let entry = TokenEntry { expires: ends, ..TokenEntry::clone(&entry) };
                (Arc::new(entry), format!("session of token {}", owner.id()))
            }
        };
        Some(Caller { principal: Principal::Person(entry), proof, has_session: true })
    }

    /// Whether a request with `method` and `headers` comes from a page of the colony itself, or
    /// changes nothing. A page of another site can make a browser send the cookie, and cannot change
    /// the headers that are looked at.
    pub(super) fn is_own(&self, method: &Method, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            _ if matches!(*method, Method::GET | Method::HEAD) => true,
            _ if self.is_said_by_own_page(headers) => true,
            (Some(origin), None) => origin.as_bytes() == self.origin.as_bytes(),
            (None, _) => headers.get(SITE_HEADER).is_some_and(is_same_origin),
            (Some(_), Some(_)) => false,
        }
    }

    /// Whether a request has the header that a page of another site may not add, and its browser does
    /// not say that it comes from such a page.
    pub fn is_said_by_own_page(&self, headers: &HeaderMap) -> bool {
        let is_said = headers.get(CSRF_HEADER).is_some_and(|value| value == CSRF_VALUE);
        is_said && !self.is_foreign(headers)
    }

    /// Whether the browser says that the request comes from a page of another site. Behind a proxy,
    /// only the browser knows by which URL the page was reached.
    fn is_foreign(&self, headers: &HeaderMap) -> bool {
        if let Some(site) = headers.get(SITE_HEADER) {
            return !is_same_origin(site);
        }
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => false,
            (Some(origin), None) => {
                let host = origin.to_str().ok().and_then(|origin| origin.split("://").nth(1));
                let own = headers.get(header::HOST);
                let is_of_host = own.zip(host).is_some_and(|(own, host)| own == host);
                origin.as_bytes() != self.origin.as_bytes() && !is_of_host
            }
            (Some(_), Some(_)) => true,
        }
    }

    /// The header `Set-Cookie` for a session that begins.
    pub fn cookie(&self, secret: &Secret) -> String {
        self.set_cookie("coral", &secret.text(), self.lifetime)
    }

    /// The header `Set-Cookie` that removes the cookie of a session.
    pub fn no_cookie(&self) -> String {
        self.set_cookie("coral", "", Duration::ZERO)
    }

    /// The header `Set-Cookie` for a cookie of the colony, which no script can read.
    pub fn set_cookie(&self, name: &str, value: &str, lifetime: Duration) -> String {
        let (name, seconds) = (self.cookie_name(name), lifetime.as_secs());
        let secure = if self.is_encrypted() { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }

    /// The value of the cookie `name` of the colony; `None` if there is none, or more than one.
    pub fn read_cookie<'a>(&self, name: &str, headers: &'a HeaderMap) -> Option<&'a str> {
        let name = self.cookie_name(name);
        let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.split_once('='));
        let mut values = pairs.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim());
        let (first, second) = (values.next(), values.next());
        first.filter(|_| second.is_none())
    }

    fn cookie_name(&self, name: &str) -> String {
        let prefix = if self.is_encrypted() { HOST_PREFIX } else { "" };
        format!("{prefix}{name}")
    }

    fn is_encrypted(&self) -> bool {
        self.origin.starts_with("https://")
    }

    fn shown(&self, headers: &HeaderMap) -> Option<SecretHash> {
        Secret::parse(self.read_cookie("coral", headers)?).map(|secret| secret.hash())
    }
}

/// Ends the session that ends first, of those that are `meant`.
fn end_first(known: &mut HashMap<SecretHash, Session>, meant: impl Fn(&Session) -> bool) {
    let all = known.iter().filter(|(_, session)| meant(session));
    if let Some(first) = all.min_by_key(|(_, session)| session.ends).map(|(hash, _)| *hash) {
        known.remove(&first);
    }
}

fn is_same_origin(site: &HeaderValue) -> bool {
    site == "same-origin"
}

#[cfg(test)]
mod tests;
