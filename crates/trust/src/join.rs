//! Join tokens: what a new agent shows once, and what it checks the colony by.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::authority::Fingerprint;
use crate::secret::{Secret, SecretHash};

const PREFIX: &str = "coral_join_";

/// A join token: a secret that is accepted once, and the fingerprint of the colony's CA, by which
/// the agent knows that it talks to the right colony. `Debug` hides the secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JoinToken {
    secret: Secret,
    /// The fingerprint of the colony's CA.
    pub authority: Fingerprint,
}

/// A text is not a join token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "this is not a join token: a join token begins with `coral_join_` and is printed by `coral colony token \
     create --agent NAME`"
)]
pub struct InvalidJoinToken;

impl JoinToken {
    /// A new token for the colony with this CA.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn random(authority: Fingerprint) -> Result<Self, std::io::Error> {
        Ok(Self { secret: Secret::random()?, authority })
    }

    /// The text for the other host.
    pub fn text(&self) -> String {
        let authority = URL_SAFE_NO_PAD.encode(self.authority.0);
        format!("{PREFIX}{}.{authority}", self.secret.text())
    }

    /// The secret, as the agent sends it to the colony.
    pub fn secret(&self) -> String {
        self.secret.text()
    }

    /// The hash that the colony stores.
    pub fn hash(&self) -> SecretHash {
        self.secret.hash()
    }

    /// The hash of a secret that an agent sent; `None` if the text is not one.
    pub fn hash_of(secret: &str) -> Option<SecretHash> {
        Secret::parse(secret).map(|secret| secret.hash())
    }
}

impl FromStr for JoinToken {
    type Err = InvalidJoinToken;

    fn from_str(text: &str) -> Result<Self, InvalidJoinToken> {
        let parts = text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.'));
        let (secret, authority) = parts.ok_or(InvalidJoinToken)?;
        let secret = Secret::parse(secret).ok_or(InvalidJoinToken)?;
        let bytes = URL_SAFE_NO_PAD.decode(authority).map_err(|_| InvalidJoinToken)?;
        let authority = Fingerprint(bytes.try_into().map_err(|_| InvalidJoinToken)?);
        Ok(Self { secret, authority })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_join_token_survives_its_text() {
        let token = JoinToken::random(Fingerprint([3; 32])).unwrap();
        assert_eq!(token.text().parse(), Ok(token.clone()));
        assert_eq!(JoinToken::hash_of(&token.secret()), Some(token.hash()));
        assert!(!format!("{token:?}").contains(&token.secret()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn no_text_is_read_as_a_join_token_unless_it_is_one(text in "(coral_join_)?[A-Za-z0-9_.-]{0,90}") {
            if let Ok(token) = text.parse::<JoinToken>() {
                prop_assert_eq!(token.text(), text);
            }
        }
    }
}
