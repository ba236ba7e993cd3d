//! The OpenID provider: what it says of itself, and who a code stands for. Everything here blocks.
//!
//! Source: OpenID Connect Discovery 1.0, 4; OpenID Connect Core 1.0, 3.1; RFC 7636 (PKCE).

use std::error::Error as StdError;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use coral_config::OidcConfig;
use coral_server::clock;
use coral_trace::sanitize::line;
use coral_trust::ledger::seconds;
use form_urlencoded::{Serializer, byte_serialize};
use ring::digest;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http_client::{Answer, HttpClient, HttpError, encrypted_or_local};
use crate::id_token::{Expected, IdToken, TokenError};
use crate::keys::{KeySet, SignatureError};
use crate::login::Login;

/// The path of the colony to which the provider sends people back.
pub const CALLBACK_PATH: &str = "/auth/callback";
/// How long the provider's description and keys are used before they are fetched again.
const DESCRIPTION_LIFETIME: Duration = Duration::from_secs(3_600);
/// A key that is not known makes the keys be fetched again, but not more often than this.
const MIN_FETCH_INTERVAL: Duration = Duration::from_secs(10);
/// Longest text of a provider that is shown, in characters.
const MAX_CHARS: usize = 255;
/// The most groups that are looked at.
const MAX_GROUPS: usize = 1_000;

/// One provider. Its description and keys are fetched when they are first needed.
pub struct Provider {
    issuer: String,
    client_id: String,
    secret_file: PathBuf,
    groups_claim: String,
    redirect: String,
    http: HttpClient,
    description: Mutex<Option<Arc<Description>>>,
}

/// A person, as the provider's ID token says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// The provider's id of the person.
    pub subject: String,
    /// The name that is shown.
    pub name: String,
    /// The groups of the person.
    pub groups: Vec<String>,
}

/// Why nobody signs in with the provider.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// A setting is not valid.
    #[error("`{key}` cannot be used: {reason}")]
    Setting {
        /// The key.
        key: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A file of a setting cannot be read.
    #[error("cannot read `{path}`, which `{key}` names")]
    File {
        /// The key.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The provider does not answer, or not as a provider does.
    #[error("cannot use the provider at {issuer}")]
    Unreachable {
        /// The provider.
        issuer: String,
        /// Why.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The provider does not accept the code.
    #[error("the provider does not accept this sign-in: {0}")]
    Refused(String),
    /// The ID token is not one for this sign-in.
    #[error("the provider's ID token is not valid for this sign-in")]
    Token(#[source] InvalidToken),
}

/// Why an ID token is not valid.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct InvalidToken(#[from] TokenError);

/// What a provider says of itself, and its keys.
struct Description {
    metadata: Metadata,
    keys: KeySet,
    fetched: Instant,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    error_description: Option<String>,
}

impl Provider {
    /// The provider of a configuration, for a colony that browsers reach at `origin`. Asks nobody.
    ///
    /// # Errors
    /// [`ProviderError::Setting`] and [`ProviderError::File`].
    pub fn new(config: &OidcConfig, origin: &str) -> Result<Self, ProviderError> {
        let key = "oidc.ca_file";
        let ca = config.ca_file.clone().map(|path| read(key, path)).transpose()?;
        let http = HttpClient::new(ca.as_deref())
            .map_err(|error| ProviderError::Setting { key, reason: error.to_string() })?;
        let provider = Self {
            issuer: config.issuer.clone(),
            client_id: config.client_id.clone(),
            secret_file: config.client_secret_file.clone(),
            groups_claim: config.groups_claim.clone(),
            redirect: format!("{origin}{CALLBACK_PATH}"),
            http,
            description: Mutex::default(),
        };
        provider.secret()?;
        Ok(provider)
    }

    /// The issuer, as it was configured.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The URL at which `login` goes on.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub fn login_url(&self, login: &Login) -> Result<String, ProviderError> {
        let description = self.description(DESCRIPTION_LIFETIME)?;
        let endpoint = &description.metadata.authorization_endpoint;
        let challenge = digest::digest(&digest::SHA256, login.verifier.as_bytes());
        let query = Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("scope", "openid profile email")
            .append_pair("state", &login.state)
            .append_pair("nonce", &login.nonce)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(challenge))
            .append_pair("code_challenge_method", "S256")
            .finish();
        let separator = if endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{endpoint}{separator}{query}"))
    }

    /// Who signed in: the provider answered `login` with `code`.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub fn person(&self, login: &Login, code: &str) -> Result<Person, ProviderError> {
        let description = self.description(DESCRIPTION_LIFETIME)?;
        let token = self.exchange(&description.metadata, login, code)?;
        let now = i64::try_from(seconds(clock::now())).unwrap_or(i64::MAX);
        let (issuer, client_id) = (self.issuer.as_str(), self.client_id.as_str());
        let expected = Expected { issuer, client_id, nonce: &login.nonce, now };
        let read = |keys: &KeySet| IdToken::read(&token, keys, &expected);
        let token = match read(&description.keys) {
            // The provider may have begun to sign with a new key.
            Err(TokenError::Signature(SignatureError::UnknownKey)) => {
                read(&self.description(MIN_FETCH_INTERVAL)?.keys)
            }
            read => read,
        };
        let token = token.map_err(|error| ProviderError::Token(error.into()))?;
        Ok(self.person_of(&token))
    }

    /// The ID token for `code`, which is not checked yet.
    fn exchange(
        &self,
        metadata: &Metadata,
        login: &Login,
        code: &str,
    ) -> Result<String, ProviderError> {
        let secret = self.secret()?;
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("code_verifier", &login.verifier);
        let authorization = if metadata.wants_secret_in_body() {
            form.append_pair("client_id", &self.client_id).append_pair("client_secret", &secret);
            None
        } else {
            Some(basic(&self.client_id, &secret))
        };
        let answer = self.http.post(&metadata.token_endpoint, authorization, form.finish());
        let (status, body) = answer.map_err(|error| self.unreachable(error))?;
        if status.is_success() {
            return Ok(self.parse::<Tokens>(&body)?.id_token);
        }
        match serde_json::from_slice::<Refusal>(&body) {
            Ok(Refusal { error, error_description }) => {
                let more = error_description.map(|more| format!(" ({more})")).unwrap_or_default();
                Err(ProviderError::Refused(shortened(&format!("{error}{more}"))))
            }
            Err(_) => Err(self.unreachable(format!("it answers with status {status}"))),
        }
    }

    fn person_of(&self, token: &IdToken) -> Person {
        let is_verified = token.claim("email_verified") == Some(&Value::Bool(true));
        let email = token.text("email").filter(|_| is_verified);
        let name = token.text("preferred_username").or(email).unwrap_or(&token.subject);
        let groups = match token.claim(&self.groups_claim) {
            Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(group)) => vec![group.as_str()],
            _ => Vec::new(),
        };
        Person {
            subject: shortened(&token.subject),
            name: shortened(name),
            groups: groups.into_iter().take(MAX_GROUPS).map(str::to_owned).collect(),
        }
    }

    /// The provider's description with its keys, which is at most `max_age` old.
    fn description(&self, max_age: Duration) -> Result<Arc<Description>, ProviderError> {
        let known = self.description.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| known.fetched.elapsed() < max_age) {
            return Ok(known);
        }
        let base = self.issuer.trim_end_matches('/');
        let metadata: Metadata = self
            .fetch(&format!("{base}/.well-known/openid-configuration"), |body| {
                serde_json::from_slice(body)
            })?;
        if metadata.issuer != self.issuer {
            let issuer = shortened(&metadata.issuer);
            return Err(self
                .unreachable(format!("it says that it is `{issuer}`: set that as `oidc.issuer`")));
        }
        let own = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
        own.into_iter()
            .try_for_each(|url| encrypted_or_local(url))
            .map_err(|error| self.unreachable(error))?;
        let keys = self.fetch(&metadata.jwks_uri, KeySet::parse)?;
        let description = Arc::new(Description { metadata, keys, fetched: Instant::now() });
        let mut known = self.description.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(description.clone());
        Ok(description)
    }

    fn fetch<T>(
        &self,
        url: &str,
        parse: impl FnOnce(&[u8]) -> Result<T, serde_json::Error>,
    ) -> Result<T, ProviderError> {
        let (status, body): Answer =
            self.http.get(url).map_err(|error: HttpError| self.unreachable(error))?;
        if !status.is_success() {
            return Err(self.unreachable(format!("{url} answers with status {status}")));
        }
        parse(&body).map_err(|error| self.unreachable(error))
    }

    fn parse<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, ProviderError> {
        serde_json::from_slice(body).map_err(|error| self.unreachable(error))
    }

    /// The secret, which may be replaced in its file while the colony runs.
    fn secret(&self) -> Result<String, ProviderError> {
        let key = "oidc.client_secret_file";
        let text = read(key, self.secret_file.clone())?;
        match text.trim() {
            "" => Err(ProviderError::Setting { key, reason: "the file is empty".to_owned() }),
            text => Ok(text.to_owned()),
        }
    }

    fn unreachable(&self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> ProviderError {
        ProviderError::Unreachable { issuer: self.issuer.clone(), source: source.into() }
    }
}

impl Metadata {
    /// Whether the provider accepts the colony's secret in a form alone.
    fn wants_secret_in_body(&self) -> bool {
        let accepts = |name: &str| {
            self.token_endpoint_auth_methods_supported.iter().any(|method| method == name)
        };
        accepts("client_secret_post") && !accepts("client_secret_basic")
    }
}

/// The header `Authorization` of a client with a secret.
///
/// Source: RFC 6749, 2.3.1.
fn basic(id: &str, secret: &str) -> String {
    let [id, secret] = [id, secret].map(|text| byte_serialize(text.as_bytes()).collect::<String>());
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

fn read(key: &'static str, path: PathBuf) -> Result<String, ProviderError> {
    fs::read_to_string(&path).map_err(|source| ProviderError::File { key, path, source })
}

/// `text` in one line without control characters, and not longer than what is shown.
pub fn shortened(text: &str) -> String {
    line(text).chars().take(MAX_CHARS).collect()
}
