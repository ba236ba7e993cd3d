//! Secrets of 256 random bits, of which only a hash is stored.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Length of a secret's text: 32 bytes in base64.
const TEXT_LEN: usize = 43;

/// A secret of 256 random bits. Its text form is base64 for URLs. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

/// The SHA-256 of a secret. Nobody can guess 256 random bits, so the hash needs no salt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretHash(pub [u8; 32]);

impl Secret {
    /// A new secret, from the operating system's random numbers.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn random() -> Result<Self, std::io::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        Ok(Self(bytes))
    }

    /// The secret with this text; `None` if the text is not the text of a secret.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != TEXT_LEN {
            return None;
        }
        Some(Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
    }

    /// The text to show to the owner, once.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The hash that is stored.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0).into())
    }
}

impl SecretHash {
    /// Whether both are equal. The time does not depend on where they differ.
    pub fn is_same(&self, other: &Self) -> bool {
        let differences = self.0.iter().zip(other.0).map(|(one, other)| one ^ other);
        std::hint::black_box(differences.fold(0, |all, difference| all | difference)) == 0
    }

    /// The first eight hex digits, which name a token in lists and in the audit log.
    pub fn id(&self) -> String {
        hex(&self.0[..4])
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl From<SecretHash> for String {
    fn from(hash: SecretHash) -> Self {
        hex(&hash.0)
    }
}

impl TryFrom<String> for SecretHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        unhex(&text).map(Self).ok_or("not 64 hex digits")
    }
}

/// `bytes` in hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The 32 bytes that `text` spells in hex.
pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_survives_its_text_and_is_hidden_from_logs() {
        let secret = Secret::random().unwrap();
        let read = Secret::parse(&secret.text()).unwrap();
        assert!(read == secret && read.hash().is_same(&secret.hash()));
        assert_ne!(Secret::random().unwrap(), secret);
        let shown = format!("{secret:?}");
        assert!(!shown.contains(&secret.text()) && !shown.contains(&secret.hash().id()));
        for wrong in ["", "short", &secret.text()[1..], &format!("{}=", secret.text())] {
            assert_eq!(Secret::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn hashes_differ_if_one_bit_differs() {
        let hash = SecretHash([7; 32]);
        for bit in 0..256 {
            let mut other = hash;
            other.0[bit / 8] ^= 1 << (bit % 8);
            assert!(!hash.is_same(&other));
        }
        let text = String::from(hash);
        assert_eq!(SecretHash::try_from(text).unwrap(), hash);
    }
}
