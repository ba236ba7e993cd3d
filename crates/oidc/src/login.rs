//! One sign-in from its beginning at the colony to the provider's answer.
//!
//! The colony remembers no sign-in: strangers can begin any number. The browser keeps a cookie, and
//! `state`, `nonce` and the PKCE verifier are HMACs of that cookie under a key of this process. An
//! answer is thus accepted only from the browser that began, only with the cookie as it was given,
//! and only for a limited time.
//!
//! Source: RFC 9700, 2.1 and 4.7 (PKCE, `state`); OpenID Connect Core 1.0, 3.1.2.1 (`nonce`).

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coral_trace::UnixNanos;
use coral_trust::secret::Secret;
use ring::hmac;

use crate::local_path::LocalPath;

/// Longest time between the beginning of a sign-in and the provider's answer.
pub const LOGIN_TIMEOUT: Duration = Duration::from_secs(600);

/// The key of the sign-ins that this process began.
pub struct LoginKey(hmac::Key);

/// A sign-in that has begun.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The value of the cookie that the browser keeps.
    pub cookie: String,
    /// What the provider sends back with its answer.
    pub state: String,
    /// What the provider puts into the ID token.
    pub nonce: String,
    /// The PKCE verifier: whoever has only the code cannot use it.
    pub verifier: String,
    /// Where the browser goes afterwards.
    pub next: LocalPath,
}

/// Why an answer of a provider belongs to no sign-in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidLogin {
    /// The browser has no cookie of a sign-in, or another one.
    #[error("this browser did not begin this sign-in, or the colony was started again since")]
    Foreign,
    /// The sign-in began too long ago.
    #[error("this sign-in began more than ten minutes ago")]
    TooLate,
}

impl LoginKey {
    /// A new key.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn random() -> Result<Self, std::io::Error> {
        let secret = Secret::random()?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret.text().as_bytes())))
    }

    /// Begins a sign-in, after which the browser goes to `next`.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn begin(&self, next: LocalPath, now: UnixNanos) -> Result<Login, std::io::Error> {
        let (secret, ends) = (Secret::random()?.text(), now.later(LOGIN_TIMEOUT));
        let cookie = format!("{secret}.{}.{}", ends.0, URL_SAFE_NO_PAD.encode(next.as_str()));
        Ok(self.derive(cookie, next))
    }

    /// The sign-in of the browser that has `cookie`, if the provider answered with its `state`.
    ///
    /// # Errors
    /// [`InvalidLogin`].
    pub fn resume(&self, cookie: &str, state: &str, now: UnixNanos) -> Result<Login, InvalidLogin> {
        let state = URL_SAFE_NO_PAD.decode(state).map_err(|_| InvalidLogin::Foreign)?;
        hmac::verify(&self.0, message("state", cookie).as_bytes(), &state)
            .map_err(|_| InvalidLogin::Foreign)?;
        // The cookie is as it was given: its `state` would be another one otherwise.
        let (ends, next) = parse(cookie).ok_or(InvalidLogin::Foreign)?;
        if ends < now {
            return Err(InvalidLogin::TooLate);
        }
        Ok(self.derive(cookie.to_owned(), next))
    }

    fn derive(&self, cookie: String, next: LocalPath) -> Login {
        let of = |what| {
            let tag = hmac::sign(&self.0, message(what, &cookie).as_bytes());
            URL_SAFE_NO_PAD.encode(tag)
        };
        let (state, nonce, verifier) = (of("state"), of("nonce"), of("verifier"));
        Login { cookie, state, nonce, verifier, next }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("next", &self.next).finish_non_exhaustive()
    }
}

fn message(what: &str, cookie: &str) -> String {
    format!("{what} {cookie}")
}

/// End and next page of a cookie.
fn parse(cookie: &str) -> Option<(UnixNanos, LocalPath)> {
    let mut parts = cookie.splitn(3, '.').skip(1);
    let ends = UnixNanos(parts.next()?.parse().ok()?);
    let next = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
    Some((ends, String::from_utf8(next).ok()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixNanos = UnixNanos(1_795_608_000_000_000_000);

    fn begun(key: &LoginKey) -> Login {
        key.begin("/traces?service=pay".parse().unwrap(), NOW).unwrap()
    }

    #[test]
    fn the_browser_that_began_goes_on_with_the_same_secrets() {
        let key = LoginKey::random().unwrap();
        let login = begun(&key);
        assert_eq!(key.resume(&login.cookie, &login.state, NOW), Ok(login.clone()));
        let all = [&login.state, &login.nonce, &login.verifier];
        // RFC 7636, 4.1: a verifier has 43 to 128 characters.
        assert!(all.iter().all(|text| text.len() == 43), "{all:?}");
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
        assert!(!format!("{login:?}").contains(&login.verifier));
    }

    #[test]
    fn another_browser_another_state_and_another_process_do_not() {
        let key = LoginKey::random().unwrap();
        let (login, other) = (begun(&key), begun(&key));
        let foreign = Err(InvalidLogin::Foreign);
        assert_eq!(key.resume(&other.cookie, &login.state, NOW), foreign);
        assert_eq!(key.resume(&login.cookie, &other.state, NOW), foreign);
        assert_eq!(key.resume(&login.cookie, &login.nonce, NOW), foreign);
        assert_eq!(key.resume(&login.cookie, "", NOW), foreign);
        assert_eq!(key.resume("", &login.state, NOW), foreign);
        let again = LoginKey::random().unwrap();
        assert_eq!(again.resume(&login.cookie, &login.state, NOW), foreign);
        // A browser that writes another end or page into its cookie.
        let changed = login.cookie.replace(".1795", ".2795");
        assert_ne!(changed, login.cookie);
        assert_eq!(key.resume(&changed, &login.state, NOW), foreign);
    }

    #[test]
    fn a_sign_in_ends_after_ten_minutes() {
        let key = LoginKey::random().unwrap();
        let login = begun(&key);
        let (last, late) = (NOW.later(LOGIN_TIMEOUT), UnixNanos(NOW.later(LOGIN_TIMEOUT).0 + 1));
        assert!(key.resume(&login.cookie, &login.state, last).is_ok());
        assert_eq!(key.resume(&login.cookie, &login.state, late), Err(InvalidLogin::TooLate));
    }
}
