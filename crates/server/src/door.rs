//! The table of the routes and RPCs of a port, each with the permission that it needs.
//!
//! A request must pass the `Host` check ([`hosts`]), match a route, come from no page of another site
//! ([`sites`]), and from a caller that has the [`Permission`] of the route ([`enforce`]). Its body has the
//! limit of the route ([`body`]). A request that matches no route is answered by [`unmatched`]. Every answer over HTTP has the headers of [`headers`], and is compressed if the client
//! accepts that; gRPC has its own compression.

pub mod body;
mod enforce;
mod headers;
pub mod hosts;
mod metered;
pub mod own_names;
mod permission;
mod record;
#[cfg(test)]
mod recorded;
mod sites;
#[cfg(test)]
mod tests;
mod unmatched;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use axum::extract::Request;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on_service};
use axum::{Router, middleware};
use http::StatusCode;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

use self::body::{BodyLimit, DEFAULT_BODY_BYTES};
use self::enforce::Gate;
pub use self::enforce::answer as denial;
use self::hosts::AllowedHosts;
pub use self::permission::Permission;
use self::unmatched::Unmatched;
use crate::audit::AuditLog;
use crate::identity::Guard;

/// Smallest answer that is compressed, in bytes: a smaller one fits into one packet anyway.
const MIN_COMPRESSED_BYTES: u16 = 1_024;

/// The routes and RPCs of one port. [`crate::listen::serve`] accepts only this type, so every route
/// has a permission.
pub struct Door {
    routes: Vec<Route>,
    hosts: AllowedHosts,
    unmatched: Unmatched,
    guard: Option<Arc<Guard>>,
    audit: Option<AuditLog>,
}

/// One method on one path, with its permission and handler.
pub struct Route {
    method: Method,
    path: String,
    permission: Permission,
    handler: MethodRouter,
    protocol: Protocol,
    max_body_bytes: usize,
}

/// An HTTP method. `Get` includes `HEAD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Method {
    /// `GET` and `HEAD`.
    Get,
    /// `POST`.
    Post,
    /// `DELETE`.
    Delete,
}

/// Protocol of a route on top of HTTP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Protocol {
    Http,
    Grpc,
}

impl Door {
    /// A door without routes that accepts requests to `hosts`. The error for an unknown path has
    /// `unknown_path_hint`.
    pub fn new(hosts: AllowedHosts, unknown_path_hint: &'static str) -> Self {
        let unmatched = Unmatched::new(unknown_path_hint);
        Self { routes: Vec::new(), hosts, unmatched, guard: None, audit: None }
    }

    /// Answers requests below `base`, such as `/tempo`, that match no route with what `answer` makes
    /// of the status and the error in one line: 404 for an unknown path, and 405 for a method that the
    /// path does not accept.
    #[must_use]
    pub fn unmatched_below(
        mut self,
        base: &'static str,
        answer: fn(StatusCode, &str) -> Response,
    ) -> Self {
        self.unmatched.add(base, answer);
        self
    }

    /// Asks callers who they are. Without a guard everybody may do everything.
    #[must_use]
    pub fn guarded(self, guard: Arc<Guard>) -> Self {
        Self { guard: Some(guard), ..self }
    }

    /// Records questions in `log`.
    #[must_use]
    pub fn audited(self, log: AuditLog) -> Self {
        Self { audit: Some(log), ..self }
    }

    /// Adds one route.
    #[must_use]
    pub fn route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// Adds several routes.
    #[must_use]
    pub fn merge(mut self, routes: impl IntoIterator<Item = Route>) -> Self {
        self.routes.extend(routes);
        self
    }

    /// Adds the gRPC service with that full name, such as `grpc.health.v1.Health`. Only `methods`
    /// reach `server`; every other method is answered with `UNIMPLEMENTED`.
    #[must_use]
    pub fn rpc(
        mut self,
        service: &str,
        methods: &[(&str, Permission)],
        server: &MethodRouter,
    ) -> Self {
        self.routes.extend(methods.iter().map(|(method, permission)| Route {
            method: Method::Post,
            path: format!("/{service}/{method}"),
            permission: *permission,
            handler: server.clone(),
            protocol: Protocol::Grpc,
            max_body_bytes: DEFAULT_BODY_BYTES,
        }));
        self
    }

    /// Method, path and permission of each route and RPC.
    pub fn table(&self) -> impl Iterator<Item = (Method, &str, Permission)> {
        self.routes.iter().map(|route| (route.method, route.path.as_str(), route.permission))
    }

    /// A router with all routes behind the `Host` check and the guard.
    pub(crate) fn into_router(self) -> Router {
        let mut router = Router::new();
        let bodies = Arc::new(AtomicUsize::new(0));
        for route in self.routes {
            let limit = BodyLimit { bytes: route.max_body_bytes, taken: bodies.clone() };
            let (path, handler) = route.into_handler(limit, self.guard.clone(), self.audit.clone());
            router = router.route(&path, handler);
        }
        let unmatched = Arc::new(self.unmatched);
        let of_method = unmatched.clone();
        router
            .method_not_allowed_fallback(async move |request: Request| of_method.method(&request))
            .fallback(async move |request: Request| unmatched.path(&request))
            .layer(middleware::from_fn_with_state(Arc::new(self.hosts), hosts::check))
            .layer(middleware::map_response(headers::add))
    }
}

impl Route {
    /// A route that answers `method` on `path`, which has the syntax of axum. No other method
    /// reaches `handler`.
    pub fn new(
        method: Method,
        path: impl Into<String>,
        permission: Permission,
        handler: MethodRouter,
    ) -> Self {
        Self {
            method,
            path: path.into(),
            permission,
            handler,
            protocol: Protocol::Http,
            max_body_bytes: DEFAULT_BODY_BYTES,
        }
    }

    /// Takes bodies of at most `bytes` instead of [`DEFAULT_BODY_BYTES`].
    #[must_use]
    pub fn with_max_body(self, bytes: usize) -> Self {
        Self { max_body_bytes: bytes, ..self }
    }

    /// The path, and the handler behind `guard` and its other layers.
    fn into_handler(
        self,
        limit: BodyLimit,
        guard: Option<Arc<Guard>>,
        audit: Option<AuditLog>,
    ) -> (String, MethodRouter) {
        let gate =
            Gate { guard, audit, permission: self.permission, path: self.path.as_str().into() };
        let handler = self.handler.layer(middleware::from_fn_with_state(limit, body::limit));
        let handler = handler.layer(middleware::from_fn_with_state(gate, enforce::enforce));
        let handler = match self.protocol {
            Protocol::Http => handler.layer(compression()),
            Protocol::Grpc => handler.layer(middleware::from_fn(unmatched::grpc_only)),
        };
        (self.path, on_service(self.method.filter(), handler))
    }
}

impl Method {
    const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

/// gzip, for clients that accept it. A streamed answer has no known size and is always compressed;
/// each piece is flushed.
fn compression() -> CompressionLayer<SizeAbove> {
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(MIN_COMPRESSED_BYTES))
}
