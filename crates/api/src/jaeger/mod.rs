//! The APIs of Jaeger: the older JSON API of its user interface, `api_v3` over HTTP and gRPC, and the
//! gRPC of a remote storage, so that Jaeger itself runs on a colony's data.

mod adjusted;
mod dependencies;
mod envelope;
mod go_text;
mod legacy;
mod metrics;
mod operations;
mod parameters;
mod quality;
mod rpc;
mod search;
#[cfg(test)]
mod tests;
pub mod trace_file;
mod transform;
mod ui_trace;
mod v3;

pub use self::rpc::add_rpcs;

use axum::routing::{get, post};
use coral_server::door::body::{DEFAULT_BODY_BYTES, LARGE_BODY_BYTES};
use coral_server::door::{Method, Permission, Route};

use crate::answering::Answering;
use crate::mounted::{Mounted, mounted};

/// The base of the routes.
const BASE: &str = "/jaeger";

/// Every route, at the root and below `/jaeger`.
pub fn routes(answering: &Answering) -> Vec<Route> {
    let read = |path, permission, handler: axum::routing::MethodRouter<Answering>| Mounted {
        method: Method::Get,
        path,
        permission,
        handler: handler.with_state(answering.clone()),
        only_below_base: false,
        max_body_bytes: DEFAULT_BODY_BYTES,
    };
    let change = |path, handler: axum::routing::MethodRouter<Answering>| Mounted {
        method: Method::Post,
        ..read(path, Permission::TracesRead, handler)
    };
    let traces = |path, handler| read(path, Permission::TracesRead, handler);
    let topology = |path, handler| read(path, Permission::TopologyRead, handler);
    let metrics = |path, handler| read(path, Permission::MetricsRead, handler);
    let refused = |path| change(path, post(v3::no_post));
    let routes = [
        traces("/api/services", get(operations::services)),
        traces("/api/services/{service}/operations", get(operations::names)),
        traces("/api/operations", get(operations::operations)),
        traces("/api/traces", get(legacy::search)),
        traces("/api/traces/{id}", get(legacy::trace)),
        topology("/api/dependencies", get(dependencies::legacy)),
        traces("/api/v3/services", get(v3::services)),
        traces("/api/v3/operations", get(v3::operations)),
        traces("/api/v3/traces", get(v3::traces)),
        traces("/api/v3/traces/{id}", get(v3::trace)),
        traces("/api/v3/trace-summaries", get(v3::trace_summaries)),
        topology("/api/v3/dependencies", get(v3::dependencies)),
        metrics("/api/metrics/latencies", get(metrics::latencies)),
        metrics("/api/metrics/calls", get(metrics::calls)),
        metrics("/api/metrics/errors", get(metrics::errors)),
        metrics("/api/metrics/minstep", get(metrics::min_step)),
        metrics("/api/quality-metrics", get(quality::quality)),
        refused("/api/v3/traces"),
        refused("/api/v3/trace-summaries"),
        change("/api/archive/{id}", post(legacy::archive)),
        Mounted {
            max_body_bytes: LARGE_BODY_BYTES,
            ..change("/api/transform", post(transform::transform))
        },
    ];
    mounted(BASE, routes).collect()
}
