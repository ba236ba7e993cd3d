//! The layer between a route and its handler: who sends the request, and whether it may.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

use super::Permission;
use super::metered::metered;
use super::record::Pending;
use super::sites;
use super::unmatched::{is_grpc, status};
use crate::audit::AuditLog;
use crate::identity::{Caller, Denied, Guard};
use crate::listen::Peer;
use crate::refusal::refusal;

/// What a route needs to know to let a request in.
#[derive(Clone)]
pub(super) struct Gate {
    /// `None`: callers are not asked who they are.
    pub guard: Option<Arc<Guard>>,
    pub audit: Option<AuditLog>,
    pub permission: Permission,
    /// The template of the path.
    pub path: Arc<str>,
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
    let peer = request.extensions().get::<Peer>().cloned().unwrap_or_else(unknown_peer);
    let mut pending =
        Pending::new(gate.audit.as_ref(), &request, &peer, gate.permission, &gate.path);
    let is_of_own_page = sites::may_use(gate.permission, request.headers());
    let Some(guard) = &gate.guard else {
        let caller = Caller::unasked();
        pending.iter_mut().for_each(|pending| pending.asked_by(&caller));
        if !is_of_own_page {
            let response = answer(&Denied::ForeignSite);
            if let Some(pending) = pending {
                pending.denied(&Denied::ForeignSite, response.status());
            }
            return response;
        }
        request.extensions_mut().insert(caller);
        return answered(pending, next.run(request).await);
    };
    let caller = guard.identify(&peer, request.method(), request.headers());
    if let (Some(pending), Ok(caller)) = (&mut pending, &caller) {
        pending.asked_by(caller);
    }
    let admitted = caller.and_then(|caller| {
        if !is_of_own_page {
            return Err(Denied::ForeignSite);
        }
        guard.admit(&caller, peer.address.ip(), gate.permission).map(|()| caller)
    });
    let caller = match admitted {
        Ok(caller) => caller,
        Err(denied) => {
            let response = match is_grpc(request.headers()) {
                true => status(grpc_code(&denied), &denied.to_string()),
                false => answer(&denied),
            };
            match pending {
                Some(pending) if guard.is_recorded(&denied, peer.address.ip()) => {
                    pending.denied(&denied, response.status());
                }
                Some(pending) => pending.forget(),
                None => {}
            }
            return response;
        }
    };
    request.extensions_mut().insert(caller.clone());
    let response = next.run(request).await;
    if gate.permission == Permission::AgentJoin && is_refused(&response) {
        guard.join_failed(peer.address.ip());
    }
    metered(answered(pending, response), guard, &caller)
}

/// Whether a call of gRPC failed. Its status is then in a header.
fn is_refused(response: &Response) -> bool {
    response.headers().get("grpc-status").is_some_and(|status| status != "0")
        || !response.status().is_success()
}

/// The answer, after it was recorded.
fn answered(pending: Option<Pending>, response: Response) -> Response {
    match pending {
        Some(pending) => pending.answered(response),
        None => response,
    }
}

fn unknown_peer() -> Peer {
    Peer::unencrypted(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))
}

/// The answer over HTTP to a caller that is denied something.
pub fn answer(denied: &Denied) -> Response {
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
        Denied::ForeignOrigin => (
            StatusCode::FORBIDDEN,
            "send it from a page of the colony, which adds the header `x-coral-csrf: 1`; other programs use a \
             token",
        ),
        Denied::ForeignSite => (
            StatusCode::FORBIDDEN,
            "type the URL into the address bar of the browser, or ask from the page of the colony, `/ui/`; \
             other programs send no header `sec-fetch-site`",
        ),
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
        Denied::ForeignOrigin | Denied::ForeignSite | Denied::Forbidden { .. } => PERMISSION_DENIED,
    }
}

/// `pause` in seconds, rounded up, and never zero.
fn whole_seconds(pause: Duration) -> u64 {
    (pause.as_secs_f64().ceil() as u64).max(1)
}
