//! ID tokens: what a provider says about a person, signed for one sign-in.
//!
//! Source: OpenID Connect Core 1.0, 2 and 3.1.3.7; RFC 7515 (JWS), RFC 8725 (best practices).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::keys::{KeySet, SignatureError};

/// How far the clocks of colony and provider may be apart, in seconds.
const MAX_SKEW: i64 = 60;
/// Longest token, in bytes.
const MAX_BYTES: usize = 256 << 10;

/// The claims of a token that is valid.
#[derive(Clone, Debug)]
pub struct IdToken {
    /// The provider's id of the person.
    pub subject: String,
    claims: Map<String, Value>,
}

/// What a token must say to be valid.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Who made it.
    pub issuer: &'a str,
    /// For whom it was made.
    pub client_id: &'a str,
    /// For which sign-in it was made.
    pub nonce: &'a str,
    /// The time, in seconds since the epoch.
    pub now: i64,
}

/// Why a token is not valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenError {
    /// It does not have the form of a token.
    #[error("it does not have the form of an ID token")]
    Form,
    /// It is not signed by the provider.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// A claim says something else than expected.
    #[error("its claim `{0}` is not the expected one")]
    Claim(&'static str),
    /// It was valid once.
    #[error("it has expired, or one of the two clocks is wrong")]
    Expired,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

impl IdToken {
    /// Reads `token`, which one of `keys` must have signed.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn read(token: &str, keys: &KeySet, expected: &Expected<'_>) -> Result<Self, TokenError> {
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Form)?;
        let (head, claims) = message.split_once('.').ok_or(TokenError::Form)?;
        if token.len() > MAX_BYTES {
            return Err(TokenError::Form);
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenError::Form)?;
        let head: Header = part(head)?;
        // An extension that is critical is one that is not known here.
        if head.crit.is_some() {
            return Err(TokenError::Form);
        }
        // Nothing of the token is believed before its signature is.
        keys.verify(&head.alg, head.kid.as_deref(), message.as_bytes(), &signature)?;
        Self::checked(part(claims)?, expected)
    }

    /// The claim `name`.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// The claim `name`, if it is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claim(name)?.as_str().filter(|text| !text.is_empty())
    }

    fn checked(claims: Map<String, Value>, expected: &Expected<'_>) -> Result<Self, TokenError> {
        let text = |name| claims.get(name).and_then(Value::as_str);
        // Times may have fractions.
        let time = |name| claims.get(name).and_then(Value::as_f64).map(|time| time as i64);
        if text("iss") != Some(expected.issuer) {
            return Err(TokenError::Claim("iss"));
        }
        let is_ours = |audience: &Value| audience.as_str() == Some(expected.client_id);
        let party = claims.get("azp");
        let is_for_us = match claims.get("aud") {
            Some(Value::Array(audiences)) if audiences.len() > 1 => {
                audiences.iter().any(is_ours) && party.is_some()
            }
            Some(Value::Array(audiences)) => audiences.iter().any(is_ours),
            Some(audience) => is_ours(audience),
            None => false,
        };
        if !is_for_us {
            return Err(TokenError::Claim("aud"));
        }
        if party.is_some_and(|party| !is_ours(party)) {
            return Err(TokenError::Claim("azp"));
        }
        if text("nonce") != Some(expected.nonce) {
            return Err(TokenError::Claim("nonce"));
        }
        if time("exp").ok_or(TokenError::Claim("exp"))? <= expected.now.saturating_sub(MAX_SKEW) {
            return Err(TokenError::Expired);
        }
        if time("iat").ok_or(TokenError::Claim("iat"))? > expected.now.saturating_add(MAX_SKEW) {
            return Err(TokenError::Claim("iat"));
        }
        let subject = text("sub").filter(|subject| (1..=255).contains(&subject.len()));
        let subject = subject.ok_or(TokenError::Claim("sub"))?.to_owned();
        Ok(Self { subject, claims })
    }
}

/// One part of a token.
fn part<T: DeserializeOwned>(text: &str) -> Result<T, TokenError> {
    let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Form)?;
    serde_json::from_slice(&json).map_err(|_| TokenError::Form)
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    };
    use serde_json::json;

    use super::*;

    const EXPECTED: Expected<'_> = Expected {
        issuer: "https://login.example.com",
        client_id: "coral",
        nonce: "a nonce",
        now: 1_795_608_000,
    };

    /// A provider with a key of elliptic curves.
    struct Signer(EcdsaKeyPair, SystemRandom);

    impl Signer {
        fn new() -> Self {
            let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
            Self(EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap(), random)
        }

        fn keys(&self) -> KeySet {
            let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
            let [x, y] = [x, y].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
            let key =
                json!({"kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "x": x, "y": y});
            KeySet::parse(json!({"keys": [key]}).to_string().as_bytes()).unwrap()
        }

        fn sign(&self, head: &Value, claims: &Value) -> String {
            let [head, claims] =
                [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
            let message = format!("{head}.{claims}");
            let signature = self.0.sign(&self.1, message.as_bytes()).unwrap();
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
        }

        /// What becomes of a token that is right but for `change`.
        fn changed(&self, change: Value) -> Result<IdToken, TokenError> {
            let mut claims = claims();
            for (name, value) in change.as_object().unwrap() {
                match value {
                    Value::Null => claims.as_object_mut().unwrap().remove(name),
                    value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
                };
            }
            IdToken::read(&self.sign(&head(), &claims), &self.keys(), &EXPECTED)
        }
    }

    fn head() -> Value {
        json!({"alg": "ES256", "kid": "k1", "typ": "JWT"})
    }

    fn claims() -> Value {
        json!({
            "iss": EXPECTED.issuer, "aud": "coral", "nonce": "a nonce", "sub": "7f3a",
            "exp": EXPECTED.now + 300, "iat": EXPECTED.now, "groups": ["sre"],
        })
    }

    #[test]
    fn a_token_for_this_sign_in_is_read() {
        let signer = Signer::new();
        let token = signer.changed(json!({})).unwrap();
        assert_eq!(
            (token.subject.as_str(), token.claim("groups")),
            ("7f3a", Some(&json!(["sre"])))
        );
        for right in [
            json!({"aud": ["coral"]}),
            json!({"aud": ["coral", "other"], "azp": "coral"}),
            json!({"exp": EXPECTED.now - 30}),
            json!({"iat": EXPECTED.now as f64 + 30.5}),
        ] {
            assert!(signer.changed(right.clone()).is_ok(), "{right}");
        }
    }

    #[test]
    fn a_token_for_somebody_else_or_another_time_is_not() {
        use TokenError::{Claim, Expired};
        let signer = Signer::new();
        for (change, error) in [
            (json!({"iss": "https://login.example.com/"}), Claim("iss")),
            (json!({"iss": null}), Claim("iss")),
            (json!({"aud": "other"}), Claim("aud")),
            (json!({"aud": []}), Claim("aud")),
            (json!({"aud": null}), Claim("aud")),
            (json!({"aud": ["coral", "other"]}), Claim("aud")),
            (json!({"azp": "other"}), Claim("azp")),
            (json!({"aud": ["coral", "other"], "azp": "other"}), Claim("azp")),
            (json!({"nonce": "another"}), Claim("nonce")),
            (json!({"nonce": null}), Claim("nonce")),
            (json!({"exp": EXPECTED.now - 60}), Expired),
            (json!({"exp": null}), Claim("exp")),
            (json!({"exp": "1995608000"}), Claim("exp")),
            (json!({"iat": EXPECTED.now + 61}), Claim("iat")),
            (json!({"iat": null}), Claim("iat")),
            (json!({"sub": ""}), Claim("sub")),
            (json!({"sub": 7}), Claim("sub")),
            (json!({"sub": "a".repeat(256)}), Claim("sub")),
        ] {
            assert_eq!(signer.changed(change.clone()).unwrap_err(), error, "{change}");
        }
    }

    #[test]
    fn a_token_that_the_provider_did_not_sign_is_not() {
        let (signer, stranger) = (Signer::new(), Signer::new());
        let keys = signer.keys();
        let read = |token: &str| IdToken::read(token, &keys, &EXPECTED).unwrap_err();
        let wrong = TokenError::Signature(SignatureError::Wrong);
        assert_eq!(read(&stranger.sign(&head(), &claims())), wrong);
        // Head, claims and signature of two tokens.
        let (one, other) =
            (signer.sign(&head(), &claims()), signer.sign(&head(), &json!({"sub": "admin"})));
        let [one, other] = [&one, &other].map(|token| token.split('.').collect::<Vec<_>>());
        assert_eq!(read(&format!("{}.{}.{}", one[0], other[1], one[2])), wrong);
        let unsigned = json!({"alg": "none"});
        let unsigned = signer.sign(&unsigned, &claims());
        let algorithm = TokenError::Signature(SignatureError::Algorithm);
        assert_eq!(read(&unsigned), algorithm);
        assert_eq!(read(&format!("{}.", unsigned.rsplit_once('.').unwrap().0)), algorithm);
        assert_eq!(read(&signer.sign(&json!({"alg": "HS256"}), &claims())), algorithm);
        let unknown = json!({"alg": "ES256", "kid": "k2"});
        let unknown = read(&signer.sign(&unknown, &claims()));
        assert_eq!(unknown, TokenError::Signature(SignatureError::UnknownKey));
        let critical = json!({"alg": "ES256", "kid": "k1", "crit": ["exp"]});
        assert_eq!(read(&signer.sign(&critical, &claims())), TokenError::Form);
        for malformed in ["", ".", "..", "a.b", "a.b.c", "e30.e30.", "é.é.é"] {
            assert_eq!(read(malformed), TokenError::Form, "{malformed}");
        }
    }

    #[test]
    fn a_token_of_an_edwards_key_is_read() {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key());
        let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}, {"kty": "other"}]});
        let keys = KeySet::parse(keys.to_string().as_bytes()).unwrap();
        let [head, claims] = [json!({"alg": "EdDSA"}), claims()]
            .map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let message = format!("{head}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()));
        assert!(IdToken::read(&format!("{message}.{signature}"), &keys, &EXPECTED).is_ok());
    }
}
