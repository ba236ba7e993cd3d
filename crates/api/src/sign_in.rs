//! Sign-in of a browser with a token, and sign-out, which also ends a session that a provider began.
//!
//! `POST /auth/token` takes a token once, and begins a session: the browser keeps a cookie that no
//! script can read, and not the token. `GET /auth/methods` says how one can sign in.
//!
//! Source: OWASP Cross-Site Request Forgery Prevention (custom request headers).

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json};
use coral_server::audit::AuditDetails;
use coral_server::clock;
use coral_server::door::{Method, Permission, Route, denial};
use coral_server::identity::{Caller, Denied, Guard, Sessions};
use coral_server::listen::Peer;
use coral_server::refusal::refusal;
use coral_trust::ledger::TokenEntry;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How one can sign in.
const METHODS_PATH: &str = "/auth/methods";
/// Where a session begins with a token.
const TOKEN_PATH: &str = "/auth/token";
/// Where a session ends.
const LOGOUT_PATH: &str = "/auth/logout";
/// Makes a browser forget what it has cached of the colony; some also forget the pages behind "back".
///
/// Source: Clear Site Data, 3.1.
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
/// Largest body of a sign-in, in bytes.
const MAX_BODY_BYTES: usize = 4 << 10;

/// The sign-in of a colony that asks callers who they are.
#[derive(Clone)]
pub struct SignIn {
    /// Knows whose a token is.
    pub guard: Arc<Guard>,
    /// The sessions that begin and end here.
    pub sessions: Arc<Sessions>,
    /// The name of the provider with which people sign in, too; none if there is no provider.
    pub provider: Option<String>,
}

/// How a browser can sign in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SignInMethods {
    /// The methods; empty where a colony asks nobody who they are.
    pub methods: Vec<SignInMethod>,
    /// The host of the OpenID provider; null if there is none.
    pub provider: Option<String>,
    /// Where the sign-in with the provider begins, relative to a page. The parameter `next` is the
    /// path of the page to which the provider sends the browser back.
    pub login: String,
    /// Whether the caller need not sign in: it has a session or a token, or nobody is asked.
    pub signed_in: bool,
}

/// A method of sign-in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignInMethod {
    /// With a token of `coral colony token create --user`: `POST /auth/token`.
    Token,
    /// With an OpenID provider: a browser opens `login`.
    Oidc,
}

/// What is sent to sign in with a token.
#[derive(Deserialize)]
struct Shown {
    token: String,
}

/// The routes of sign-in. Without `sign_in`, the colony asks nobody who they are.
pub fn routes(sign_in: Option<SignIn>) -> Vec<Route> {
    let needs = Permission::SessionChange;
    let methods = SignInMethods::of(sign_in.as_ref());
    let methods = get(async move |Extension(caller): Extension<Caller>| {
        let signed_in = caller.role().is_some();
        noise(Json(SignInMethods { signed_in, ..methods.clone() }).into_response())
    });
    let mut routes = vec![Route::new(Method::Get, METHODS_PATH, needs, methods)];
    if let Some(sign_in) = sign_in {
        let (begin, end) = (post(begin), post(end));
        routes.push(Route::new(Method::Post, TOKEN_PATH, needs, begin.with_state(sign_in.clone())));
        routes.push(Route::new(Method::Post, LOGOUT_PATH, needs, end.with_state(sign_in)));
    }
    routes
}

impl SignInMethods {
    fn of(sign_in: Option<&SignIn>) -> Self {
        let provider = sign_in.and_then(|sign_in| sign_in.provider.clone());
        let token = sign_in.map(|_| SignInMethod::Token);
        let oidc = provider.as_ref().map(|_| SignInMethod::Oidc);
        Self {
            methods: token.into_iter().chain(oidc).collect(),
            provider,
            login: "../auth/login".to_owned(),
            signed_in: false,
        }
    }
}

/// Begins a session of whoever has the token in the body.
async fn begin(
    State(sign_in): State<SignIn>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !sign_in.sessions.is_said_by_own_page(&headers) {
        return noise(denial(&Denied::ForeignOrigin));
    }
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return noise(refusal(StatusCode::PAYLOAD_TOO_LARGE, "this is longer than a token", None));
    };
    // The error would quote what was sent.
    let Ok(shown) = serde_json::from_slice::<Shown>(&body) else {
        let hint = r#"send JSON such as {"token": "coral_…"}"#;
        return noise(refusal(
            StatusCode::BAD_REQUEST,
            "the body is not the JSON of a token",
            Some(hint),
        ));
    };
    match sign_in.guard.person(shown.token.trim(), peer.address.ip()) {
        Ok(entry) => sign_in.begun(&entry, &headers),
        Err(denied @ Denied::WrongToken) => {
            let hint = "an admin makes another one with `coral colony token create --user NAME --role viewer`";
            refusal(StatusCode::UNAUTHORIZED, denied.to_string(), Some(hint))
        }
        Err(denied) => noise(denial(&denied)),
    }
}

/// Ends the session of the browser. The guard has seen that a page of the colony sent the request.
async fn end(State(sign_in): State<SignIn>, headers: HeaderMap) -> Response {
    let has_ended = sign_in.sessions.end(&headers);
    let mut response = with_cookie(&sign_in.sessions.no_cookie());
    response.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\""));
    if has_ended { response } else { noise(response) }
}

impl SignIn {
    /// A session of the owner of a token, in place of the one that the browser had before.
    fn begun(&self, entry: &TokenEntry, headers: &HeaderMap) -> Response {
        self.sessions.end(headers);
        let secret = match self.sessions.begin_with_token(entry.hash, clock::now()) {
            Ok(secret) => secret,
            Err(error) => {
                tracing::error!(%error, "nobody can sign in");
                let error = "the operating system has no random numbers";
                return refusal(StatusCode::INTERNAL_SERVER_ERROR, error, None);
            }
        };
        let mut response = with_cookie(&self.sessions.cookie(&secret));
        let TokenEntry { user, hash, .. } = entry;
        let question = format!("{TOKEN_PATH}: {user} signs in by token {}", hash.id());
        let details = AuditDetails { question: Some(question), ..AuditDetails::default() };
        response.extensions_mut().insert(details);
        response
    }
}

fn with_cookie(cookie: &str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A response that the audit log does not have: strangers can cause it without end.
fn noise(mut response: Response) -> Response {
    let details = AuditDetails { is_noise: true, ..AuditDetails::default() };
    response.extensions_mut().insert(details);
    response
}
