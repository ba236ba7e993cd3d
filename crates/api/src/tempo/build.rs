//! Which version answers.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// The version of Tempo whose API is answered. Clients compare it with the version that a feature
/// came with.
const TEMPO: &str = "2.9.0";

/// The answer of `/api/status/buildinfo`.
pub(super) fn info(version: &str) -> Response {
    Json(json!({
        "version": TEMPO,
        "revision": format!("coral {version}"),
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    }))
    .into_response()
}

/// The answer of `/status/version`.
pub(super) fn text(version: &str) -> String {
    format!("tempo, version {TEMPO} (revision: coral {version})\n")
}
