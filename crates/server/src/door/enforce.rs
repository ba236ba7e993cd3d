//! The layer between a route and its handler: who sends the request, and whether it may.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

use super::Permission;
use super::unmatched::{is_grpc, status};
use crate::identity::{Caller, Denied, Guard};
use crate::listen::Peer;
use crate::refusal::refusal;

/// What a route needs to know to let a request in.
#[derive(Clone)]
pub(super) struct Gate {
    /// `None`: callers are not asked who they are.
    pub guard: Option<Arc<Guard>>,
    pub permission: Permission,
}

/// Status codes of gRPC.
const UNAUTHENTICATED: u16 = 16;
const PERMISSION_DENIED: u16 = 7;
const RESOURCE_EXHAUSTED: u16 = 8;

/// Middleware that passes a request whose caller has the permission of the route. The [`Caller`] is
/// then among the extensions of the request.
pub(super) async fn enforce(
    State(gate): State<Gate>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(guard) = &gate.guard else {
        request.extensions_mut().insert(Caller::unasked());
        return next.run(request).await;
    };
    let peer = request.extensions().get::<Peer>().cloned().unwrap_or_else(unknown_peer);
    let caller = guard.identify(&peer, request.headers());
    let caller =
        match caller.and_then(|caller| guard.admit(&caller, gate.permission).map(|()| caller)) {
            Ok(caller) => caller,
            Err(denied) => {
                return match is_grpc(request.headers()) {
                    true => status(grpc_code(&denied), &denied.to_string()),
                    false => answer(&denied),
                };
            }
        };
    request.extensions_mut().insert(caller.clone());
    let response = next.run(request).await;
    if let Some(bytes) = response.body().size_hint().exact() {
        guard.answered(&caller, bytes);
    }
    response
}

fn unknown_peer() -> Peer {
    Peer::unencrypted(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))
}

fn answer(denied: &Denied) -> Response {
    let (status, hint) = match denied {
        Denied::NoToken | Denied::WrongToken => (
            StatusCode::UNAUTHORIZED,
            "`coral login URL --token TOKEN`, or send the header `authorization: Bearer TOKEN`; an admin makes a \
             token with `coral colony token create --user NAME --role viewer`",
        ),
        Denied::NoCertificate(_) | Denied::WrongCertificate => (
            StatusCode::UNAUTHORIZED,
            "an agent gets a certificate with `coral agent join`; `coral colony token create --agent NAME` \
             prints the command",
        ),
        Denied::Pause(_) | Denied::TooMuch(_) => {
            (StatusCode::TOO_MANY_REQUESTS, "wait as long as the header `retry-after` says")
        }
        Denied::Forbidden { .. } => (
            StatusCode::FORBIDDEN,
            "docs/trust.md says what each role may do; an admin makes another token",
        ),
    };
    let mut response = refusal(status, denied.to_string(), Some(hint));
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"coral\""));
    }
    if let Denied::Pause(pause) | Denied::TooMuch(pause) = denied {
        headers.insert(RETRY_AFTER, whole_seconds(*pause).into());
    }
    response.into_response()
}

const fn grpc_code(denied: &Denied) -> u16 {
    match denied {
        Denied::NoToken
        | Denied::NoCertificate(_)
        | Denied::WrongToken
        | Denied::WrongCertificate => UNAUTHENTICATED,
        Denied::Pause(_) | Denied::TooMuch(_) => RESOURCE_EXHAUSTED,
        Denied::Forbidden { .. } => PERMISSION_DENIED,
    }
}

/// `pause` in seconds, rounded up, and never zero.
fn whole_seconds(pause: Duration) -> u64 {
    (pause.as_secs_f64().ceil() as u64).max(1)
}
