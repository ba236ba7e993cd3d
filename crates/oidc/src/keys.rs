//! The public keys of a provider, and what they signed.
//!
//! Source: RFC 7517 (JWK), RFC 7518, 3 and 6 (algorithms and keys), RFC 8037 (Ed25519).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;

/// The keys with which a provider signs.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<Key>);

/// Why a signature is not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignatureError {
    /// The algorithm is none of those that are accepted. `none` and those with a shared secret are
    /// not among them.
    #[error("its algorithm is not accepted")]
    Algorithm,
    /// The provider has no such key.
    #[error("the provider has no key that could have signed it")]
    UnknownKey,
    /// The key did not sign it.
    #[error("its signature is wrong")]
    Wrong,
}

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    algorithm: Option<String>,
    material: Material,
}

#[derive(Clone, Debug)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// Curve `P-256` or `P-384`, and the uncompressed point.
    Ec(String, Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// The keys of a document. Keys of other kinds, and keys that do not sign, are left out.
    ///
    /// # Errors
    /// The document is not one with keys.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let document: Document = serde_json::from_slice(json)?;
        Ok(Self(document.keys.into_iter().filter_map(Key::parse).collect()))
    }

    /// Checks that the key `id` signed `message` with `algorithm`; any key if there is no `id`.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(
        &self,
        algorithm: &str,
        id: Option<&str>,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let scheme = Scheme::named(algorithm).ok_or(SignatureError::Algorithm)?;
        let is_named = |key: &&Key| id.is_none() || key.id.as_deref() == id;
        let is_for = |key: &&Key| key.algorithm.as_deref().is_none_or(|own| own == algorithm);
        let mut fitting = self.0.iter().filter(is_named).filter(is_for);
        let mut found = Err(SignatureError::UnknownKey);
        let is_signed = fitting.any(|key| match scheme.verify(&key.material, message, signature) {
            Some(is_signed) => {
                found = Err(SignatureError::Wrong);
                is_signed
            }
            None => false,
        });
        if is_signed { Ok(()) } else { found }
    }
}

impl Key {
    fn parse(value: serde_json::Value) -> Option<Self> {
        let key: Jwk = serde_json::from_value(value).ok()?;
        if key.purpose.is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let bytes = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
        let material = match (key.kty.as_str(), key.crv.as_deref()) {
            ("RSA", _) => Material::Rsa { modulus: bytes(key.n)?, exponent: bytes(key.e)? },
            ("EC", Some(curve)) => {
                let point = [vec![4], bytes(key.x)?, bytes(key.y)?].concat();
                Material::Ec(curve.to_owned(), point)
            }
            ("OKP", Some("Ed25519")) => Material::Ed25519(bytes(key.x)?),
            _ => return None,
        };
        Some(Self { id: key.kid, algorithm: key.alg, material })
    }
}

/// How an algorithm of JWS signs.
enum Scheme {
    Rsa(&'static RsaParameters),
    /// The curve, and ring's name of it.
    Ec(&'static str, &'static dyn VerificationAlgorithm),
    Ed25519,
}

impl Scheme {
    fn named(algorithm: &str) -> Option<Self> {
        Some(match algorithm {
            "RS256" => Self::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            "RS384" => Self::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            "RS512" => Self::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            "PS256" => Self::Rsa(&RSA_PSS_2048_8192_SHA256),
            "PS384" => Self::Rsa(&RSA_PSS_2048_8192_SHA384),
            "PS512" => Self::Rsa(&RSA_PSS_2048_8192_SHA512),
            "ES256" => Self::Ec("P-256", &ECDSA_P256_SHA256_FIXED),
            "ES384" => Self::Ec("P-384", &ECDSA_P384_SHA384_FIXED),
            "EdDSA" => Self::Ed25519,
            _ => return None,
        })
    }

    /// Whether `key` signed `message`; `None` if it is a key of another kind.
    fn verify(&self, key: &Material, message: &[u8], signature: &[u8]) -> Option<bool> {
        let by = |algorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
        };
        match (self, key) {
            (Self::Rsa(parameters), Material::Rsa { modulus, exponent }) => {
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                Some(key.verify(parameters, message, signature).is_ok())
            }
            (Self::Ec(curve, algorithm), Material::Ec(of_key, point)) if curve == of_key => {
                Some(by(*algorithm, point))
            }
            (Self::Ed25519, Material::Ed25519(point)) => Some(by(&ED25519, point)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Key, message and signature of RFC 7515, A.2.
    const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    const MESSAGE: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

    fn keys(more: &str) -> KeySet {
        let json = format!(r#"{{"keys":[{{"kty":"RSA","kid":"a","n":"{N}","e":"AQAB"{more}}}]}}"#);
        KeySet::parse(json.as_bytes()).unwrap()
    }

    fn verified(keys: &KeySet, algorithm: &str, id: Option<&str>) -> Result<(), SignatureError> {
        let signature = URL_SAFE_NO_PAD.decode(SIGNATURE).unwrap();
        keys.verify(algorithm, id, MESSAGE.as_bytes(), &signature)
    }

    #[test]
    fn the_example_of_the_standard_is_accepted() {
        assert_eq!(verified(&keys(""), "RS256", Some("a")), Ok(()));
        assert_eq!(verified(&keys(""), "RS256", None), Ok(()));
        assert_eq!(verified(&keys(r#","alg":"RS256","use":"sig""#), "RS256", Some("a")), Ok(()));
    }

    #[test]
    fn another_algorithm_another_key_and_another_message_are_not() {
        use SignatureError::{Algorithm, UnknownKey, Wrong};
        for refused in ["none", "HS256", "RS1", "rs256", ""] {
            assert_eq!(verified(&keys(""), refused, Some("a")), Err(Algorithm), "{refused}");
        }
        assert_eq!(verified(&keys(""), "RS512", Some("a")), Err(Wrong));
        assert_eq!(verified(&keys(""), "PS256", Some("a")), Err(Wrong));
        assert_eq!(verified(&keys(""), "ES256", Some("a")), Err(UnknownKey));
        assert_eq!(verified(&keys(""), "RS256", Some("b")), Err(UnknownKey));
        assert_eq!(verified(&keys(r#","use":"enc""#), "RS256", Some("a")), Err(UnknownKey));
        assert_eq!(verified(&keys(r#","alg":"PS256""#), "RS256", Some("a")), Err(UnknownKey));
        let changed = MESSAGE.replace("eyJpc3Mi", "eyJpc3Nj");
        let signature = URL_SAFE_NO_PAD.decode(SIGNATURE).unwrap();
        let verified = keys("").verify("RS256", None, changed.as_bytes(), &signature);
        assert_eq!(verified, Err(Wrong));
    }
}
