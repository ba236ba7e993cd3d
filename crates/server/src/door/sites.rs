//! The check of the site that a browser names: a page of another site asks nothing.
//!
//! A page of another site cannot read an answer, because no answer has a header of CORS. Its requests
//! would still cost turns, and the time until an answer comes tells about its size. A page of the same
//! site can be another program of the host: cookies and sites do not know ports. Programs other than
//! browsers send no such header.
//!
//! Source: Fetch Metadata Request Headers, 2.3 (`Sec-Fetch-Site`).

use http::{HeaderMap, HeaderValue};

use super::Permission;

const SITE_HEADER: &str = "sec-fetch-site";

/// Whether a request with `headers` may use a route that needs `permission`, as far as the sites of
/// pages matter. A link of another site may open the page, a sign-in, and the health.
pub(super) fn may_use(permission: Permission, headers: &HeaderMap) -> bool {
    use Permission as Needs;
    matches!(permission, Needs::PageRead | Needs::SessionChange | Needs::HealthRead)
        || headers.get_all(SITE_HEADER).iter().all(is_own)
}

/// `none`: a person typed the URL.
fn is_own(site: &HeaderValue) -> bool {
    site == "same-origin" || site == "none"
}
