//! The APIs of Grafana Tempo, for Grafana's data source: traces by id, searches in TraceQL and by
//! tags, tags and their values, metrics; over HTTP here, and as gRPC streams in [`grpc`].
//!
//! The header `X-Scope-OrgID` is accepted and not used: a colony has one tenant.

mod answers;
mod build;
mod form;
pub mod grpc;
mod metrics;
mod operation;
mod parameters;
mod protobuf_json;
mod refused;
mod search;
mod tag_names;
mod tag_values;
#[cfg(test)]
mod tests;
mod time;
mod trace;
mod trace_llm;
mod values;

use axum::routing::{MethodRouter, get};
use coral_server::door::body::DEFAULT_BODY_BYTES;
use coral_server::door::{Method, Permission, Route};

use crate::answering::Answering;
use crate::mounted::{Mounted, mounted};

/// Where all routes of Tempo are, beside those at the root.
const BASE: &str = "/tempo";

/// The routes of Tempo's HTTP API. `version` is that of Coral.
pub fn routes(answering: &Answering, version: &'static str) -> Vec<Route> {
    let at = |path, permission, handler: MethodRouter<Answering>| Mounted {
        method: Method::Get,
        path,
        permission,
        handler: handler.with_state(answering.clone()),
        // Jaeger's trace by id has the path at the root.
        only_below_base: path == trace::V1_PATH,
        max_body_bytes: DEFAULT_BODY_BYTES,
    };
    let described = async move || build::info(version);
    let versioned = async move || build::text(version);
    let traces = Permission::TracesRead;
    let routes = [
        at("/api/echo", Permission::HealthRead, get("echo")),
        at("/ready", Permission::HealthRead, get("ready\n")),
        at("/api/status/buildinfo", Permission::SpecRead, get(described)),
        at("/status", Permission::SpecRead, get(versioned)),
        at("/status/version", Permission::SpecRead, get(versioned)),
        at(trace::V1_PATH, traces, get(trace::v1)),
        at("/api/v2/traces/{id}", traces, get(trace::v2)),
        at("/api/search", traces, get(search::search)),
        at("/api/search/tags", traces, get(tag_names::v1)),
        at("/api/v2/search/tags", traces, get(tag_names::v2)),
        at("/api/search/tag/{tag}/values", traces, get(tag_values::v1)),
        at("/api/v2/search/tag/{tag}/values", traces, get(tag_values::v2)),
        at("/api/metrics/query_range", traces, get(metrics::range)),
        at("/api/metrics/query", traces, get(metrics::instant)),
    ];
    mounted(BASE, routes).collect()
}
