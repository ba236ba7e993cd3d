//! The Model Context Protocol: the questions of `coral-query` as tools of assistants, one prompt, and
//! traces as resources, on `POST /mcp`.
//!
//! The server keeps no session: each request has its answer, and nothing is kept between two. `GET`
//! and `DELETE` are therefore answered 405, as the specification says. The protocol itself is `rmcp`'s.
//!
//! Source: Model Context Protocol, revisions 2024-11-05 to 2026-07-28; "Streamable HTTP".

mod message;
mod noted;
mod prompt;
mod reply;
mod resource;
mod schema;
mod server;
#[cfg(test)]
mod tests;
mod tool;
mod tools;
mod window;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use coral_server::audit::AuditDetails;
use coral_server::door::body::{BodyError, LARGE_BODY_BYTES};
use coral_server::door::{Method, Permission, Route};
use coral_server::refusal::refusal;
use coral_sql::runner::SqlRunner;
use http::{HeaderMap, StatusCode, header};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::json;

use self::message::{INVALID_REQUEST, WrongMessage};
use self::noted::Noted;
use self::tool::Entry;
use crate::answering::Answering;

/// The path of the route.
pub const PATH: &str = "/mcp";
/// Answers assistants. Clones share everything.
#[derive(Clone)]
struct Assistants {
    answering: Answering,
    sql: SqlRunner,
    tools: Arc<[Entry]>,
}

type Service = StreamableHttpService<Assistants, NeverSessionManager>;

/// The route. Whoever may ask something may use it; each tool needs the permission of its question.
pub fn routes(answering: &Answering, sql: &SqlRunner) -> Vec<Route> {
    let handler = post(serve).with_state(Arc::new(service(answering, sql)));
    vec![
        Route::new(Method::Post, PATH, Permission::SelfRead, handler)
            .with_max_body(LARGE_BODY_BYTES),
    ]
}

fn service(answering: &Answering, sql: &SqlRunner) -> Service {
    let assistants =
        Assistants { answering: answering.clone(), sql: sql.clone(), tools: tools::all().into() };
    // The door has checked `Host`, with names that are not known here.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(LARGE_BODY_BYTES)
        .disable_allowed_hosts();
    let sessions = Arc::new(NeverSessionManager::default());
    Service::new(move || Ok(assistants.clone()), sessions, config)
}

async fn serve(State(service): State<Arc<Service>>, request: Request) -> Response {
    if is_foreign(request.headers()) {
        let hint = "programs send no header `origin`; a page of a browser must be the colony's own";
        return refusal(
            StatusCode::FORBIDDEN,
            "the request is of a page of another site",
            Some(hint),
        );
    }
    let (parts, body) = request.into_parts();
    let message = match axum::body::to_bytes(body, LARGE_BODY_BYTES).await {
        Ok(message) => message,
        Err(error) => {
            let known = BodyError::of(&error);
            let status = known.map_or(StatusCode::PAYLOAD_TOO_LARGE, BodyError::status);
            let reason = known.map_or_else(
                || format!("a message has at most {LARGE_BODY_BYTES} bytes: ask for less"),
                ToString::to_string,
            );
            let id = serde_json::Value::Null;
            return answer_to_wrong(&WrongMessage { status, id, code: INVALID_REQUEST, reason });
        }
    };
    if let Err(wrong) = message::check(&message) {
        return answer_to_wrong(&wrong);
    }
    let mut request = Request::from_parts(parts, Body::from(message));
    let noted = Noted::default();
    request.extensions_mut().insert(noted.clone());
    let mut response = service.handle(request).await.map(Body::new);
    response.extensions_mut().insert(noted.take());
    response
}

/// The answer to a message that is not passed on. The log has the reason at `debug` alone, because whoever
/// may use the port chooses its text.
fn answer_to_wrong(wrong: &WrongMessage) -> Response {
    let WrongMessage { status, id, code, reason } = wrong;
    tracing::debug!(code, reason, "refused a message of an assistant");
    let error = json!({ "code": code, "message": reason });
    let body = json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string();
    let kind = [(header::CONTENT_TYPE, "application/json")];
    let mut response = (*status, kind, body).into_response();
    let noise = AuditDetails { is_noise: true, ..AuditDetails::default() };
    response.extensions_mut().insert(noise);
    response
}

/// Whether the request has an `Origin` that is not the address that it is sent to.
fn is_foreign(headers: &HeaderMap) -> bool {
    let own = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    headers.get_all(header::ORIGIN).iter().any(|origin| {
        let host = origin.to_str().ok().and_then(|origin| origin.split("://").nth(1));
        host.is_none() || host != own
    })
}
