//! Headers that are the same for every file of the page.

use http::header::{
    CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};

/// `Cache-Control` of a file whose URL has the hash of its content.
pub const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// `Cache-Control` of every other file: a browser asks whether its copy is still the right one.
pub const ASK_AGAIN: &str = "no-cache";

/// What the page may do. Scripts and styles come from its own files alone, and with Trusted Types no
/// text becomes markup, whatever the script does with it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// Adds the headers that keep other sites away from the page, and the page away from them.
pub fn add(headers: &mut HeaderMap) {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
