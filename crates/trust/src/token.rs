//! Tokens of people and tools: `coral_` and 256 random bits.

use std::fmt;
use std::str::FromStr;

use crate::secret::{Secret, SecretHash};

/// What begins every token, so that scanners of secrets find one that leaked.
const PREFIX: &str = "coral_";

/// A bearer token. Only its owner has it; the colony stores its hash. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token(Secret);

/// A text is not a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("this is not a token: a token is `coral_` and 43 letters, digits, `-` and `_`")]
pub struct InvalidToken;

impl Token {
    /// A new token.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn random() -> Result<Self, std::io::Error> {
        Secret::random().map(Self)
    }

    /// The text that its owner sends.
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", self.0.text())
    }

    /// The hash that the colony stores.
    pub fn hash(&self) -> SecretHash {
        self.0.hash()
    }
}

impl FromStr for Token {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let secret = text.strip_prefix(PREFIX).ok_or(InvalidToken)?;
        Secret::parse(secret).map(Self).ok_or(InvalidToken)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0.text())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn no_text_is_read_as_a_token_unless_it_is_one(text in "(coral_)?[ -~é]{0,50}") {
            if let Ok(token) = text.parse::<Token>() {
                prop_assert_eq!(token.text(), text);
            }
        }
    }
}
