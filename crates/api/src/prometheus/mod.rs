//! The HTTP API of Prometheus, on metrics of calls that are computed from the store. What is
//! evaluated, and what differs from Prometheus, is in `docs/interop.md`.

mod about;
mod error;
mod json;
mod parameters;
mod questions;
#[cfg(test)]
mod tests;

use axum::handler::Handler;
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::{MethodRouter, get, post};
use coral_server::door::body::{DEFAULT_BODY_BYTES, LARGE_BODY_BYTES};
use coral_server::door::{Door, Method, Permission, Route};

use self::error::ApiError;
use crate::answering::Answering;
use crate::mounted::{Mounted, mounted};

/// Below which path the API is, besides the root.
const BASE: &str = "/prometheus";

/// The routes, at the root and below `/prometheus`. Those with a `query` are also answered to `POST`
/// with a form.
pub fn routes(answering: &Answering) -> Vec<Route> {
    let mut routes = Vec::new();
    both("/api/v1/query", questions::query, answering, &mut routes);
    both("/api/v1/query_range", questions::query_range, answering, &mut routes);
    both("/api/v1/query_exemplars", questions::query_exemplars, answering, &mut routes);
    both("/api/v1/labels", questions::labels, answering, &mut routes);
    both("/api/v1/series", questions::series, answering, &mut routes);
    let values = get(questions::label_values).with_state(answering.clone());
    routes.push(route(Method::Get, "/api/v1/label/{name}/values", values));
    routes.push(route(Method::Get, "/api/v1/metadata", get(about::metadata)));
    routes.push(route(Method::Get, "/api/v1/status/buildinfo", get(about::buildinfo)));
    let health = [
        below(get(async || Redirect::temporary("../ui/")), "/"),
        below(get(async || "Coral is healthy.\n"), "/-/healthy"),
        below(get(async || "Coral is ready.\n"), "/-/ready"),
    ];
    mounted(BASE, routes.into_iter().chain(health)).collect()
}

/// `door`, on which requests below `/prometheus` that match no route have errors of Prometheus's
/// shape.
pub fn add_refusals(door: Door) -> Door {
    door.unmatched_below(BASE, |status, error| {
        ApiError::unmatched(status, error.to_owned()).into_response()
    })
}

/// What clients ask to know whether the server is there. The page is Coral's own.
fn below(handler: MethodRouter, path: &'static str) -> Mounted {
    let permission = Permission::HealthRead;
    Mounted {
        method: Method::Get,
        path,
        permission,
        handler,
        only_below_base: true,
        max_body_bytes: DEFAULT_BODY_BYTES,
    }
}

fn both<H, T>(path: &'static str, handler: H, answering: &Answering, routes: &mut Vec<Mounted>)
where
    H: Handler<T, Answering>,
    T: 'static,
{
    let on_get = get(handler.clone()).with_state(answering.clone());
    let on_post = post(handler).with_state(answering.clone());
    routes.push(route(Method::Get, path, on_get));
    routes.push(route(Method::Post, path, on_post));
}

fn route(method: Method, path: &'static str, handler: MethodRouter) -> Mounted {
    let permission = Permission::MetricsRead;
    Mounted {
        method,
        path,
        permission,
        handler,
        only_below_base: false,
        max_body_bytes: LARGE_BODY_BYTES,
    }
}
