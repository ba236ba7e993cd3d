//! The one table of what a port answers: every route and every RPC method, each with the permission that it needs.
//!
//! A request is matched, and reaches no handler unless it passes the `Host` check ([`hosts`]). What matches carries its [`Permission`] among the
//! request's extensions, where a later layer finds it. What does not match is answered by [`unmatched`]. Answers of
//! routes are compressed when the client asks for that; answers of RPCs are left to gRPC.

pub mod hosts;
mod own_names;
mod permission;
#[cfg(test)]
mod tests;
mod unmatched;

use std::sync::Arc;

use axum::extract::Request;
use axum::routing::{MethodFilter, MethodRouter, on_service};
use axum::{Extension, Router, middleware};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

use self::hosts::AllowedHosts;
pub use self::permission::Permission;

/// Bytes of an answer that is not worth compressing: less than a packet.
const MIN_COMPRESSED_BYTES: u16 = 1_024;

/// What one port answers. [`crate::listen::serve`] takes nothing else, so nothing is served without a permission.
pub struct Door {
    routes: Vec<Route>,
    hosts: AllowedHosts,
    unknown_path_hint: &'static str,
}

/// What is answered to one method on one path.
pub struct Route {
    method: Method,
    path: String,
    permission: Permission,
    handler: MethodRouter,
    protocol: Protocol,
}

/// A method of HTTP. `Get` includes `HEAD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Method {
    /// `GET` and `HEAD`.
    Get,
    /// `POST`.
    Post,
    /// `DELETE`.
    Delete,
}

/// What a route speaks on top of HTTP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Protocol {
    Http,
    Grpc,
}

impl Door {
    /// A door without routes, for requests to `hosts`. Whoever asks for an unknown path reads `unknown_path_hint`.
    pub fn new(hosts: AllowedHosts, unknown_path_hint: &'static str) -> Self {
        Self { routes: Vec::new(), hosts, unknown_path_hint }
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

    /// Adds the gRPC service of that full name, such as `grpc.health.v1.Health`. Only the `methods` that are named
    /// reach `server`; all others are answered as unimplemented.
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
        }));
        self
    }

    /// Method, path and permission of everything that is answered.
    pub fn table(&self) -> impl Iterator<Item = (Method, &str, Permission)> {
        self.routes.iter().map(|route| (route.method, route.path.as_str(), route.permission))
    }

    /// Everything behind the `Host` check.
    pub(crate) fn into_router(self) -> Router {
        let mut router = Router::new();
        for route in self.routes {
            let (path, handler) = route.into_handler();
            router = router.route(&path, handler);
        }
        let hint = self.unknown_path_hint;
        router
            .method_not_allowed_fallback(unmatched::unknown_method)
            .fallback(async move |request: Request| unmatched::unknown_path(&request, hint))
            .layer(middleware::from_fn_with_state(Arc::new(self.hosts), hosts::check))
    }
}

impl Route {
    /// Answers requests of `method` to `path`, in the syntax of axum, by `handler`. Other methods do not reach the
    /// handler, whatever it would answer.
    pub fn new(
        method: Method,
        path: impl Into<String>,
        permission: Permission,
        handler: MethodRouter,
    ) -> Self {
        Self { method, path: path.into(), permission, handler, protocol: Protocol::Http }
    }

    /// The handler and all that is done around it, with its path. Whatever is to enforce permissions stands behind the
    /// extension, around `self.handler`.
    fn into_handler(self) -> (String, MethodRouter) {
        let handler = self.handler.layer(Extension(self.permission));
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

/// gzip, for clients that ask for it. A streamed answer has no size and is compressed; what waits for more of the
/// stream is flushed.
fn compression() -> CompressionLayer<SizeAbove> {
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(MIN_COMPRESSED_BYTES))
}
