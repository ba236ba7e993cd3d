//! Sessions of browsers: who has signed in with a provider, until when.
//!
//! A session is 256 random bits in a cookie. The colony keeps the hash of each, in memory only: a
//! restart ends every session.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use coral_trace::UnixNanos;
use coral_trust::ledger::{TokenEntry, seconds};
use coral_trust::role::Role;
use coral_trust::secret::{Secret, SecretHash};
use http::{HeaderMap, Method, header};
use sha2::{Digest as _, Sha256};

use super::{Caller, Principal};

/// The most sessions at a time. When there are more, the one that ends first is ended.
const MAX_SESSIONS: usize = 10_000;

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
    entry: Arc<TokenEntry>,
    subject: String,
    ends: UnixNanos,
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

    /// Begins a session. Returns the secret for its cookie.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn begin(&self, who: SignedIn, now: UnixNanos) -> Result<Secret, std::io::Error> {
        let secret = Secret::random()?;
        let ends = now.later(self.lifetime);
        let SignedIn { subject, name, role, services, sql } = who;
        let entry = Arc::new(TokenEntry {
            // Every session of one person takes from one allowance.
            hash: SecretHash(Sha256::digest(format!("oidc {subject}")).into()),
            user: name,
            role,
            services,
            sql,
            created: seconds(now),
            expires: Some(seconds(ends)),
            revoked: None,
        });
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, session| now < session.ends);
        if known.len() >= MAX_SESSIONS {
            let first = known.iter().min_by_key(|(_, session)| session.ends);
            if let Some(hash) = first.map(|(hash, _)| *hash) {
                known.remove(&hash);
            }
        }
        known.insert(secret.hash(), Session { entry, subject, ends });
        Ok(secret)
    }

    /// Ends the session of a request with `headers`. Returns whether the request has one.
    pub fn end(&self, headers: &HeaderMap) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.shown(headers).is_some_and(|hash| known.remove(&hash).is_some())
    }

    /// Who has the session of a request with `headers`; `None` if the request has no session, or one
    /// that has ended.
    pub(super) fn caller(&self, headers: &HeaderMap, now: UnixNanos) -> Option<Caller> {
        let hash = self.shown(headers)?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let session = known.get(&hash).filter(|session| now < session.ends)?;
        Some(Caller {
            principal: Principal::Person(session.entry.clone()),
            proof: format!("oidc {}", session.subject),
        })
    }

    /// Whether a request with `method` and `headers` comes from a page of the colony itself, or
    /// changes nothing. A page of another site can make a browser send the cookie, and cannot change
    /// the two headers that are looked at.
    pub(super) fn is_own(&self, method: &Method, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            _ if matches!(*method, Method::GET | Method::HEAD) => true,
            (Some(origin), None) => origin.as_bytes() == self.origin.as_bytes(),
            (None, _) => {
                headers.get("sec-fetch-site").is_some_and(|site| site.as_bytes() == b"same-origin")
            }
            (Some(_), Some(_)) => false,
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

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const NOW: UnixNanos = UnixNanos(1_795_608_000_000_000_000);
    const HOUR: Duration = Duration::from_secs(3_600);

    fn ana() -> SignedIn {
        SignedIn {
            subject: "7f3a".into(),
            name: "ana".into(),
            role: Role::Viewer,
            services: vec!["payments-*".into()],
            sql: false,
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_session_says_who_it_is_until_it_ends() {
        let sessions = Sessions::new("https://coral.example.com", HOUR);
        let secret = sessions.begin(ana(), NOW).unwrap();
        let cookie = sessions.cookie(&secret);
        assert_eq!(
            cookie,
            format!(
                "__Host-coral={}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure",
                secret.text()
            )
        );
        let pair = cookie.split(';').next().unwrap();
        let shown = headers(&[("cookie", &format!("theme=dark; {pair}"))]);
        let caller = sessions.caller(&shown, NOW).unwrap();
        assert_eq!((caller.principal.to_string().as_str(), &*caller.proof), ("ana", "oidc 7f3a"));
        assert_eq!(caller.services(), ["payments-*"]);
        assert!(sessions.caller(&shown, NOW.later(HOUR)).is_none());
        assert!(sessions.end(&shown) && !sessions.end(&shown));
        assert!(sessions.caller(&shown, NOW).is_none());
    }

    #[test]
    fn what_is_not_exactly_one_cookie_of_a_session_is_nobody() {
        let sessions = Sessions::new("https://coral.example.com", HOUR);
        let text = sessions.begin(ana(), NOW).unwrap().text();
        let other = Secret::random().unwrap().text();
        for wrong in [
            format!("coral={text}"),
            format!("__Host-coral={other}"),
            format!("__Host-coral={text}x"),
            format!("__Host-coral={text}; __Host-coral={other}"),
            "__Host-coral=".to_owned(),
            "__Host-coral".to_owned(),
        ] {
            assert!(sessions.caller(&headers(&[("cookie", &wrong)]), NOW).is_none(), "{wrong}");
        }
        // On loopback without TLS, a browser refuses cookies with the prefix.
        let plain = Sessions::new("http://127.0.0.1:9000", HOUR);
        let cookie = plain.cookie(&plain.begin(ana(), NOW).unwrap());
        assert!(cookie.starts_with("coral=") && !cookie.contains("Secure"), "{cookie}");
    }

    #[test]
    fn a_request_that_changes_something_must_come_from_the_colonys_own_page() {
        let sessions = Sessions::new("https://coral.example.com", HOUR);
        let own = |method, pairs: &[_]| sessions.is_own(&method, &headers(pairs));
        let origin = "https://coral.example.com";
        assert!(own(Method::GET, &[("origin", "https://evil.example")]));
        assert!(own(Method::POST, &[("origin", origin)]));
        assert!(own(Method::DELETE, &[("sec-fetch-site", "same-origin")]));
        for wrong in [
            &[][..],
            &[("origin", "null")],
            &[("origin", "http://coral.example.com")],
            &[("origin", "https://coral.example.com:444")],
            &[("origin", "https://coral.example.com.evil.example")],
            &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
            &[("origin", origin), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
        ] {
            assert!(!own(Method::POST, wrong), "{wrong:?}");
        }
    }

    #[test]
    fn sessions_are_bounded_and_those_that_end_first_make_room() {
        let sessions = Sessions::new("http://127.0.0.1:9000", HOUR);
        let secrets: Vec<_> = (0..=MAX_SESSIONS as u64)
            .map(|number| sessions.begin(ana(), UnixNanos(NOW.0 + number)).unwrap())
            .collect();
        let is_known = |secret: &Secret| {
            let shown = headers(&[("cookie", &format!("coral={}", secret.text()))]);
            sessions.caller(&shown, NOW).is_some()
        };
        assert!(!is_known(&secrets[0]) && is_known(&secrets[1]));
        assert!(is_known(secrets.last().unwrap()));
        assert_eq!(sessions.known.lock().unwrap().len(), MAX_SESSIONS);
    }
}
