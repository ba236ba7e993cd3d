//! Where the routes of another project's API are: at the paths that its clients expect, and below a
//! base of its own, such as `/tempo`.

use axum::routing::MethodRouter;
use coral_server::door::{Method, Permission, Route};

/// One route of another project's API.
pub struct Mounted {
    /// The method.
    pub method: Method,
    /// The path that the clients expect: `/api/services`.
    pub path: &'static str,
    /// The permission that a request needs.
    pub permission: Permission,
    /// Answers it.
    pub handler: MethodRouter,
    /// Whether another API has the path, so that the route is only below its base.
    pub only_below_base: bool,
    /// The largest body of a request, in bytes.
    pub max_body_bytes: usize,
}

/// `routes` below `base`, and those at the root whose path is no other API's.
pub fn mounted(
    base: &'static str,
    routes: impl IntoIterator<Item = Mounted>,
) -> impl Iterator<Item = Route> {
    routes.into_iter().flat_map(move |route| {
        let Mounted { method, path, permission, handler, only_below_base, max_body_bytes } = route;
        let below = Route::new(method, format!("{base}{path}"), permission, handler.clone())
            .with_max_body(max_body_bytes);
        let root = (!only_below_base)
            .then(|| Route::new(method, path, permission, handler).with_max_body(max_body_bytes));
        [below].into_iter().chain(root)
    })
}
