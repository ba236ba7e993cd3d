//! `GET /api/v1/whoami`: who asks, and what that lets them see.

use axum::routing::get;
use axum::{Extension, Json};
use coral_server::door::{Method, Permission, Route};
use coral_server::identity::policy::Kind;
use coral_server::identity::{Caller, Principal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The path of the route.
pub const PATH: &str = "/api/v1/whoami";

/// The name of a caller where a colony asks nobody who they are.
pub const NOT_ASKED: &str = "not asked";

/// What the route answers, in one sentence.
pub const SUMMARY: &str = "Says who asks, and what that lets them see.";

/// Who asks, as the colony sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WhoAmI {
    /// The name of the person or tool; `this host` for a process that shows the key of the colony's
    /// host; `not asked` where a colony asks nobody who they are.
    pub name: String,
    /// The kind of caller, as in the table of docs/trust.md, such as `viewer`.
    pub kind: String,
    /// The role of a person, or `admin` for a process of this host; null for an agent and a colony.
    #[serde(default)]
    pub role: Option<String>,
    /// Globs of the services that the caller sees; empty for every service.
    pub services: Vec<String>,
    /// Names of the permissions that the caller has.
    pub permissions: Vec<String>,
    /// Whether the caller is a browser with a session, which `POST /auth/logout` ends.
    #[serde(default)]
    pub has_session: bool,
    /// When the token or the session expires, in seconds since the Unix epoch; null if it does not.
    pub expires_unix_s: Option<u64>,
}

/// The route.
pub fn route() -> Route {
    let whoami = get(async |Extension(caller): Extension<Caller>| Json(WhoAmI::of(&caller)));
    Route::new(Method::Get, PATH, Permission::SelfRead, whoami)
}

impl WhoAmI {
    fn of(caller: &Caller) -> Self {
        let kind = Kind::of(caller);
        let permissions = Permission::ALL.into_iter().filter(|permission| kind.may(*permission));
        let expires_unix_s = match &caller.principal {
            Principal::Person(token) => token.expires,
            _ => None,
        };
        Self {
            name: caller.principal.to_string(),
            kind: kind.as_str().to_owned(),
            role: caller.role().map(|role| role.as_str().to_owned()),
            has_session: caller.has_session,
            services: caller.services().to_vec(),
            permissions: permissions.map(|permission| permission.as_str().to_owned()).collect(),
            expires_unix_s,
        }
    }
}
