//! Sign-in of people in a browser, with an OpenID provider: the code flow with PKCE.
//!
//! `GET /auth/login` sends a browser to the provider, `GET /auth/callback` begins a session when the
//! provider sends the browser back. Sessions are those of
//! [`coral_server::identity::Sessions`]: whoever has one is a person as one with a token is.
#![warn(missing_docs)]

mod http_client;
mod id_token;
mod keys;
mod local_path;
mod login;
mod provider;
mod roles;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use coral_config::OidcConfig;
use coral_server::audit::AuditDetails;
use coral_server::clock;
use coral_server::door::{Method, Permission, Route};
use coral_server::identity::Sessions;
use coral_server::refusal::refusal;
use coral_trace::chain;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use self::local_path::{InvalidPath, LocalPath};
use self::login::{InvalidLogin, LOGIN_TIMEOUT, LoginKey};
pub use self::provider::ProviderError;
use self::provider::{CALLBACK_PATH, Provider, shortened};
use self::roles::Rules;

/// Where a sign-in begins.
const LOGIN_PATH: &str = "/auth/login";
/// The cookie of a sign-in that has begun.
const LOGIN_COOKIE: &str = "coral-login";
/// Requests to the provider at a time. Strangers cause them, and each takes a thread.
const MAX_REQUESTS: usize = 4;
/// How long a sign-in waits for its turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// The sign-in of a colony. Clones share it.
#[derive(Clone)]
pub struct SignIn(Arc<Shared>);

struct Shared {
    provider: Provider,
    rules: Rules,
    key: LoginKey,
    sessions: Arc<Sessions>,
    turns: Semaphore,
}

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
enum SignInError {
    #[error("the request is not one of a sign-in: {0}")]
    Query(#[from] QueryRejection),
    #[error(transparent)]
    Next(#[from] InvalidPath),
    #[error(transparent)]
    Login(#[from] InvalidLogin),
    #[error("the provider does not let you in: {0}")]
    Denied(String),
    #[error("the answer is of another provider")]
    OtherIssuer,
    #[error("the provider's answer has no code")]
    NoCode,
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error("{name} has no group that may see anything here")]
    NoRole { name: String, subject: String },
    #[error("too many people sign in at the same time")]
    Busy,
    #[error("the operating system has no random numbers")]
    Random(#[from] std::io::Error),
}

#[derive(Deserialize)]
struct LoginQuery {
    next: Option<String>,
}

#[derive(Deserialize)]
struct CallbackQuery {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    iss: Option<String>,
}

impl SignIn {
    /// The sign-in of a configuration, which begins `sessions`. Asks no provider. Blocks.
    ///
    /// # Errors
    /// [`ProviderError`] when a setting or a file of a setting cannot be used.
    pub fn new(config: &OidcConfig, sessions: Arc<Sessions>) -> Result<Self, ProviderError> {
        let setting = |key, reason| ProviderError::Setting { key, reason };
        let provider = Provider::new(config, sessions.origin())?;
        let rules = Rules::new(&config.roles).map_err(|reason| setting("oidc.roles", reason))?;
        let key = LoginKey::random().map_err(|error| setting("oidc.issuer", error.to_string()))?;
        let turns = Semaphore::new(MAX_REQUESTS);
        Ok(Self(Arc::new(Shared { provider, rules, key, sessions, turns })))
    }

    /// The two routes.
    pub fn routes(&self) -> [Route; 2] {
        let (login, callback) = (self.clone(), self.clone());
        let login = get(async move |query| answer(login.begin(query).await));
        let callback =
            get(async move |headers: HeaderMap, query| callback.resume(&headers, query).await);
        let permission = Permission::SessionChange;
        [
            Route::new(Method::Get, LOGIN_PATH, permission, login),
            Route::new(Method::Get, CALLBACK_PATH, permission, callback),
        ]
    }

    /// Sends the browser to the provider.
    async fn begin(
        &self,
        query: Result<Query<LoginQuery>, QueryRejection>,
    ) -> Result<Response, SignInError> {
        let next = query?.0.next.map_or(Ok(LocalPath::default()), |next| next.parse())?;
        let login = self.0.key.begin(next, clock::now())?;
        let sessions = &self.0.sessions;
        let cookie = sessions.set_cookie(LOGIN_COOKIE, &login.cookie, LOGIN_TIMEOUT);
        let url = self.ask(move |provider| provider.login_url(&login)).await?;
        let mut response = redirect(&url, [cookie]);
        let details = AuditDetails { is_noise: true, ..AuditDetails::default() };
        response.extensions_mut().insert(details);
        Ok(response)
    }

    /// Begins a session, if the provider sent the browser that began the sign-in.
    async fn resume(
        &self,
        headers: &HeaderMap,
        query: Result<Query<CallbackQuery>, QueryRejection>,
    ) -> Response {
        let query = match query {
            Ok(Query(query)) => query,
            Err(error) => return answer(Err(error.into())),
        };
        let cookie = self.0.sessions.read_cookie(LOGIN_COOKIE, headers).unwrap_or_default();
        let login = match self.0.key.resume(cookie, &query.state, clock::now()) {
            Ok(login) => login,
            Err(error) => return answer(Err(error.into())),
        };
        let mut response = answer(self.finish(headers, query, login).await);
        // The cookie is of no use any more, whatever the answer is.
        let no_cookie = self.0.sessions.set_cookie(LOGIN_COOKIE, "", Duration::ZERO);
        append_cookie(&mut response, &no_cookie);
        response
    }

    async fn finish(
        &self,
        headers: &HeaderMap,
        query: CallbackQuery,
        login: login::Login,
    ) -> Result<Response, SignInError> {
        let provider = &self.0.provider;
        // RFC 9207: a provider that names itself must be the one that was asked.
        if query.iss.is_some_and(|issuer| issuer != provider.issuer()) {
            return Err(SignInError::OtherIssuer);
        }
        if let Some(error) = query.error {
            let said = query.error_description.map(|more| format!("{error}: {more}"));
            return Err(SignInError::Denied(shortened(&said.unwrap_or(error))));
        }
        let code = query.code.ok_or(SignInError::NoCode)?;
        let next = login.next.clone();
        let person = self.ask(move |provider| provider.person(&login, &code)).await?;
        let (subject, name) = (person.subject.clone(), person.name.clone());
        let Some(signed_in) = self.0.rules.apply(person) else {
            tracing::warn!(name, subject, "a person without a role tried to sign in");
            return Err(SignInError::NoRole { name, subject });
        };
        tracing::info!(name, subject, role = %signed_in.role, "a person signed in");
        // A session that the browser had before does not outlive the new one.
        self.0.sessions.end(headers);
        let secret = self.0.sessions.begin(signed_in, clock::now())?;
        let mut response = redirect(next.as_str(), [self.0.sessions.cookie(&secret)]);
        let question = format!("{CALLBACK_PATH}: {name} signs in by oidc {subject}");
        let details = AuditDetails { question: Some(question), ..AuditDetails::default() };
        response.extensions_mut().insert(details);
        Ok(response)
    }

    /// Asks the provider, on a thread where it may block.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Provider) -> Result<T, ProviderError> + Send + 'static,
    ) -> Result<T, SignInError> {
        let turn = timeout(TURN_TIMEOUT, self.0.turns.acquire()).await;
        let _turn = turn.ok().and_then(Result::ok).ok_or(SignInError::Busy)?;
        let shared = self.0.clone();
        let asked = tokio::task::spawn_blocking(move || question(&shared.provider));
        Ok(asked.await.expect("asking a provider does not panic")?)
    }
}

impl SignInError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Query(_) | Self::Next(_) | Self::NoCode => StatusCode::BAD_REQUEST,
            Self::Login(_)
            | Self::Denied(_)
            | Self::OtherIssuer
            | Self::NoRole { .. }
            | Self::Provider(ProviderError::Refused(_) | ProviderError::Token(_)) => {
                StatusCode::FORBIDDEN
            }
            Self::Provider(ProviderError::Unreachable { .. }) => StatusCode::BAD_GATEWAY,
            Self::Provider(ProviderError::Setting { .. } | ProviderError::File { .. })
            | Self::Random(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn hint(&self) -> &'static str {
        match self {
            Self::NoRole { .. } => {
                "an admin adds a rule for one of your groups to `oidc.roles`; docs/trust.md says how"
            }
            Self::Provider(ProviderError::Unreachable { .. }) => {
                "sessions and tokens go on working; try again when the provider answers"
            }
            Self::Provider(ProviderError::Setting { .. } | ProviderError::File { .. }) => {
                "the colony's log says which setting it is"
            }
            Self::Busy => "try again in a few seconds",
            _ => "begin again at /auth/login",
        }
    }
}

fn answer(outcome: Result<Response, SignInError>) -> Response {
    let error = match outcome {
        Ok(response) => return response,
        Err(error) => error,
    };
    let status = error.status();
    // Strangers read the answer, and learn nothing of files and of the network.
    let words = match &error {
        SignInError::Provider(ProviderError::Setting { .. } | ProviderError::File { .. }) => {
            "the colony cannot use its settings of the provider".to_owned()
        }
        _ if status.is_server_error() => error.to_string(),
        _ => chain(&error),
    };
    match status.is_server_error() {
        true => tracing::warn!(error = chain(&error), "nobody can sign in"),
        false => tracing::info!(error = chain(&error), "a sign-in is refused"),
    }
    // Whoever the provider knows is recorded; strangers would fill the audit log.
    let question = match &error {
        SignInError::NoRole { name, subject } => {
            Some(format!("{CALLBACK_PATH}: {name} tries to sign in by oidc {subject}"))
        }
        _ => None,
    };
    let is_noise = question.is_none();
    let mut response = private(refusal(status, shortened(&words), Some(error.hint())));
    let details = AuditDetails { question, is_noise, ..AuditDetails::default() };
    response.extensions_mut().insert(details);
    response
}

fn redirect(url: &str, cookies: impl IntoIterator<Item = String>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(url) = HeaderValue::from_str(url) {
        response.headers_mut().insert(header::LOCATION, url);
    }
    for cookie in cookies {
        append_cookie(&mut response, &cookie);
    }
    private(response)
}

/// A response that no cache keeps, and whose URL no other site learns.
fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn append_cookie(response: &mut Response, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
