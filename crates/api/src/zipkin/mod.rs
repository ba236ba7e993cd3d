//! Zipkin's v2 API: names, searches, traces and dependencies as JSON, for `zipkin-lens`, Grafana and
//! scripts. Spans are taken by agents, at their OTLP/HTTP port.
//!
//! Source: openzipkin/zipkin-api, `zipkin2-api.yaml`; openzipkin/zipkin, `ZipkinQueryApiV2`.
//! `docs/interop.md` lists the differences.

mod about;
mod annotation_query;
mod dependencies;
mod names;
mod parameters;
mod refused;
mod search;
mod taken;
#[cfg(test)]
mod tests;
mod trace;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use coral_query::{Budget, QueryError, Sources};
use coral_server::admission::Surface;
use coral_server::audit::AuditDetails;
use coral_server::door::body::DEFAULT_BODY_BYTES;
use coral_server::door::{Method, Permission, Route};
use http::Extensions;
use http::request::Parts;

use self::refused::Refused;
use crate::answering::{Answering, Asker};
use crate::json::attachment;
use crate::mounted::{Mounted, mounted};

/// The base of all routes.
const BASE: &str = "/zipkin";

/// All routes, with their permissions.
pub fn routes(answering: &Answering) -> Vec<Route> {
    use Permission::{HealthRead, SpecRead, TopologyRead, TracesRead};
    let route = |path, permission, handler: MethodRouter<Answering>| Mounted {
        method: Method::Get,
        path,
        permission,
        handler: handler.with_state(answering.clone()),
        only_below_base: false,
        max_body_bytes: DEFAULT_BODY_BYTES,
    };
    let below = |route: Mounted| Mounted { only_below_base: true, ..route };
    let routes = [
        route("/api/v2/services", TracesRead, get(names::services)),
        route("/api/v2/spans", TracesRead, get(names::spans)),
        route("/api/v2/remoteServices", TracesRead, get(names::remote_services)),
        route("/api/v2/autocompleteKeys", TracesRead, get(names::keys)),
        route("/api/v2/autocompleteValues", TracesRead, get(names::values)),
        route("/api/v2/traces", TracesRead, get(search::traces)),
        route("/api/v2/trace/{id}", TracesRead, get(trace::one)),
        route("/api/v2/traceMany", TracesRead, get(trace::many)),
        route("/api/v2/dependencies", TopologyRead, get(dependencies::dependencies)),
        route("/config.json", SpecRead, get(about::config)),
        // Other programs answer these two at the root in forms of their own.
        below(route("/health", HealthRead, get(about::health))),
        below(route("/info", SpecRead, get(about::info))),
        Mounted {
            method: Method::Post,
            ..route("/api/v2/spans", SpecRead, post(taken::elsewhere))
        },
    ];
    mounted(BASE, routes).collect()
}

/// Whoever asks, or an answer that says why nobody is answered.
struct Caller(Asker);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        Ok(Self(asker(&parts.extensions)?))
    }
}

fn asker(extensions: &Extensions) -> Result<Asker, Refused> {
    Ok(Asker::of_request(Surface::Zipkin, extensions)?)
}

/// JSON, and how many rows it has.
struct Answer {
    json: String,
    rows: usize,
}

/// Answers with `work`, and records `details`. `name` is in the name of the file that a browser saves.
async fn answer(
    answering: &Answering,
    Caller(asker): Caller,
    name: &str,
    details: AuditDetails,
    work: impl FnOnce(&Sources<'_>, &Budget) -> Result<Answer, QueryError> + Send + 'static,
) -> Response {
    let mut response = match answering.answer(asker, work).await {
        Ok(Answer { json, rows }) => {
            details.rows.add(rows as u64);
            (attachment(&format!("zipkin-{name}")), json).into_response()
        }
        Err(error) => Refused::from(error).into_response(),
    };
    response.extensions_mut().insert(details);
    response
}
